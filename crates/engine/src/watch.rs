//! Stopping a run that takes too long, where there are threads to watch it. In the page, whoever
//! watches the worker ends it instead.
use python::runtime::Stopper;

/// Watches while it lives.
pub struct Watch {
    #[cfg(not(target_arch = "wasm32"))]
    done: Option<std::sync::mpsc::Sender<()>>,
    stopper: Stopper,
}

impl Watch {
    /// Stops what runs after so many milliseconds; 0 means never.
    pub fn new(stopper: Stopper, millis: u32) -> Self {
        #[cfg(not(target_arch = "wasm32"))]
        let done = (millis > 0).then(|| {
            let (done, waiting) = std::sync::mpsc::channel::<()>();
            let stopper = stopper.clone();
            let limit = std::time::Duration::from_millis(millis.into());
            std::thread::spawn(move || {
                use std::sync::mpsc::RecvTimeoutError::Timeout;
                // Again and again: a script may catch the first.
                let mut wait = limit;
                while waiting.recv_timeout(wait) == Err(Timeout) {
                    stopper.stop("stopped: out of time");
                    wait = std::time::Duration::from_millis(250);
                }
            });
            done
        });
        #[cfg(target_arch = "wasm32")]
        let _ = millis;
        Watch {
            #[cfg(not(target_arch = "wasm32"))]
            done,
            stopper,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stopper.disarm();
        #[cfg(not(target_arch = "wasm32"))]
        drop(self.done.take());
    }
}
