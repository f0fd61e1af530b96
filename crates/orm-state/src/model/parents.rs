//! The models that a model inherits from, and the paths to them.
use super::{AnyField, Model, ModelRef};
use crate::error::Result;
use crate::field::Field;
use crate::rel::PathInfo;
use std::rc::Rc;

impl Model {
    /// All models it inherits a table from, nearest first (`get_parent_list`, all_parents).
    pub fn parent_list(&self) -> Vec<ModelRef> {
        let mut out: Vec<ModelRef> = vec![];
        for (p, _) in self.parents.borrow().iter() {
            if !out.iter().any(|m| Rc::ptr_eq(m, p)) {
                out.push(p.clone());
            }
        }
        for (p, _) in self.parents.borrow().iter() {
            for a in p.parent_list() {
                if !out.iter().any(|m| Rc::ptr_eq(m, &a)) {
                    out.push(a);
                }
            }
        }
        out
    }
    /// The models from this one up to `ancestor`, both included; empty if it is none.
    pub fn base_chain(self: &Rc<Self>, ancestor: &ModelRef) -> Vec<ModelRef> {
        let parents = self.parents.borrow();
        if parents.is_empty() {
            return vec![];
        }
        if parents.iter().any(|(p, _)| Rc::ptr_eq(p, ancestor)) {
            return vec![ancestor.clone()];
        }
        for (parent, _) in parents.iter() {
            let mut chain = parent.base_chain(ancestor);
            if !chain.is_empty() {
                chain.insert(0, parent.clone());
                return chain;
            }
        }
        vec![]
    }
    /// The link field to `ancestor`, direct or through a parent (`get_ancestor_link`).
    pub fn ancestor_link(self: &Rc<Self>, ancestor: &ModelRef) -> Option<Rc<Field>> {
        let parents = self.parents.borrow();
        if let Some((_, link)) = parents.iter().find(|(p, _)| Rc::ptr_eq(p, ancestor)) {
            return link.clone();
        }
        parents.iter().find_map(|(p, link)| {
            p.ancestor_link(ancestor)
                .map(|found| link.clone().unwrap_or(found))
        })
    }
    /// The join steps from this model up to an ancestor's table (`get_path_to_parent`).
    pub fn path_to_parent(self: &Rc<Self>, parent: &ModelRef) -> Result<Vec<PathInfo>> {
        if Rc::ptr_eq(self, parent) {
            return Ok(vec![]);
        }
        // Proxies share their concrete model's table: no step.
        let proxied = self.concrete_model();
        let mut path = vec![];
        let mut opts = self.clone();
        for ancestor in self.base_chain(parent) {
            if Rc::ptr_eq(&ancestor, &proxied) {
                opts = ancestor;
                continue;
            }
            let Some(link) = opts.ancestor_link(&ancestor) else {
                continue;
            };
            path.push(PathInfo {
                from_opts: link.model().unwrap_or_else(|| opts.clone()),
                to_opts: ancestor.clone(),
                target_fields: link.related_fields()?.into_iter().map(|(_, r)| r).collect(),
                join_field: AnyField::Field(link.clone()),
                m2m: false,
                direct: true,
            });
            opts = ancestor;
        }
        Ok(path)
    }
    /// The join steps from an ancestor's table down to this model (`get_path_from_parent`).
    pub fn path_from_parent(self: &Rc<Self>, parent: &ModelRef) -> Result<Vec<PathInfo>> {
        if Rc::ptr_eq(self, parent) {
            return Ok(vec![]);
        }
        let model = self.concrete_model();
        let mut chain = model.base_chain(parent);
        chain.reverse();
        chain.push(model);
        let mut path = vec![];
        for pair in chain.windows(2) {
            if let Some(link) = pair[1].ancestor_link(&pair[0]) {
                path.extend(link.reverse_path_infos()?.iter().cloned());
            }
        }
        Ok(path)
    }
}
