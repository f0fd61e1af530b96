//! Where in the project's files something that a check speaks of is written.
//!
//! ```text
//! class Book(models.Model):                    playground.Book        → models.py:1
//!     author = models.ForeignKey("Nobody", …)  playground.Book.author → models.py:2
//! ```
use crate::scratch::{attr_opt, attr_text};
use protocol::Project;
use rustpython_vm::{PyObjectRef, VirtualMachine};

/// The file and line of a model or of a field; `None` if it is not in a file of the project.
pub fn place(vm: &VirtualMachine, project: &Project, about: &PyObjectRef) -> Option<(String, u32)> {
    let is_model = attr_opt(vm, about, "_meta").is_some();
    let (model, field) = if is_model {
        (about.clone(), None)
    } else {
        let name = attr_text(vm, about, "name");
        (attr_opt(vm, about, "model")?, Some(name))
    };
    let modules = vm.sys_module.get_attr("modules", vm).ok()?;
    let module = modules
        .get_item(&*attr_text(vm, &model, "__module__"), vm)
        .ok()?;
    let file = attr_text(vm, &module, "__file__");
    let line = line(
        project.read(&file)?,
        &attr_text(vm, &model, "__name__"),
        field.as_deref(),
    )?;
    Some((file, line))
}

/// The line of a class, or of a name that its body gives a value to.
fn line(text: &str, class: &str, field: Option<&str>) -> Option<u32> {
    let names = |line: &str, start: &str, name: &str, after: &[char]| {
        let rest = line.trim_start().strip_prefix(start)?;
        let rest = rest.trim_start().strip_prefix(name)?.trim_start();
        rest.starts_with(after).then_some(())
    };
    let mut lines = (1..).zip(text.lines());
    let head = lines.find(|(_, line)| names(line, "class ", class, &['(', ':']).is_some())?;
    let Some(field) = field else {
        return Some(head.0);
    };
    let indent = |line: &str| line.len() - line.trim_start().len();
    let depth = indent(head.1);
    let written = lines
        .take_while(|(_, line)| line.trim().is_empty() || indent(line) > depth)
        .find(|(_, line)| names(line, "", field, &['=', ':']).is_some());
    // A field that is not written there is inherited, or Django's own.
    Some(written.map_or(head.0, |(number, _)| number))
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_field_is_found_in_its_own_class() {
        let text = "class A(M):\n    x = 1\n\nclass B(M):\n    xx = 2\n    x = 3\n";
        assert_eq!(line(text, "A", Some("x")), Some(2));
        assert_eq!(line(text, "B", Some("x")), Some(6));
        assert_eq!(line(text, "B", Some("y")), Some(4));
        assert_eq!(line(text, "B", None), Some(4));
        assert_eq!(line(text, "C", None), None);
    }
}
