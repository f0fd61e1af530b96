//! questioner
