//! What the files declare, by name: modules, locals, variables and their values. Resources, data sources, providers
//! and the like are Terraform's own business and are passed over.

use std::collections::{BTreeMap, btree_map::Entry as Slot};

use hcl_edit::{
    Span,
    expr::Expression,
    structure::{Attribute, Block, Body, Structure},
};

use crate::{
    nearest::did_you_mean,
    report::Report,
    source::{At, Sources, Syntax},
};

const PASSED_OVER: [&str; 11] = [
    "resource",
    "data",
    "provider",
    "terraform",
    "output",
    "moved",
    "import",
    "removed",
    "check",
    "ephemeral",
    "action",
];

#[derive(Clone, Copy, Debug)]
pub(crate) struct Definition<'t> {
    pub(crate) file: u16,
    pub(crate) expr: &'t Expression,
}

#[derive(Debug)]
pub(crate) struct Module<'t> {
    pub(crate) name: &'t str,
    pub(crate) at: At,
    pub(crate) file: u16,
    pub(crate) body: &'t Body,
}

#[derive(Debug, Default)]
pub(crate) struct Declarations<'t> {
    pub(crate) modules: Vec<Module<'t>>,
    pub(crate) locals: BTreeMap<&'t str, Definition<'t>>,
    /// A variable without a default is here with None.
    pub(crate) variables: BTreeMap<&'t str, Option<Definition<'t>>>,
    /// From `.tfvars`, the file that wins already chosen.
    pub(crate) variable_values: BTreeMap<&'t str, Definition<'t>>,
}

/// Where a tree node starts.
pub(crate) fn at(file: u16, node: &impl Span) -> At {
    let offset = node.span().map_or(0, |span| span.start);
    At { file, offset: u32::try_from(offset).unwrap_or(u32::MAX) }
}

impl<'t> Declarations<'t> {
    /// `bodies` beside `sources`; None where a text was malformed.
    pub(crate) fn collect(sources: &Sources<'_>, bodies: &'t [Option<Body>], report: &mut Report) -> Self {
        let mut declarations = Self::default();
        let mut values = Vec::new();
        for ((file, source), body) in (0_u16..).zip(&sources.0).zip(bodies) {
            match (source.syntax, body) {
                (Some(Syntax::Configuration), Some(body)) => declarations.configuration(file, body, report),
                (Some(Syntax::VariableValues), Some(body)) => values.push((source.name, file, body)),
                _ => {}
            }
        }
        // Terraform's order, the last wins: terraform.tfvars, *.auto.tfvars by name, then the files that are named
        // on its command line, here in the order they were given.
        values.sort_by_key(|&(name, ..)| match name {
            "terraform.tfvars" => (0, ""),
            name if name.ends_with(".auto.tfvars") => (1, name),
            _ => (2, ""),
        });
        for (_, file, body) in values {
            declarations.values(file, body, report);
        }
        declarations
    }

    fn configuration(&mut self, file: u16, body: &'t Body, report: &mut Report) {
        for structure in body {
            match structure {
                Structure::Block(block) => self.block(file, block, report),
                Structure::Attribute(attribute) => report.push(
                    at(file, &attribute.key),
                    format!(
                        "`{name}` stands outside of any block: put it into `module \"vm_management\" {{ … }}`, or, where \
                         it is a variable's value, into a .tfvars file",
                        name = attribute.key.as_str()
                    ),
                ),
            }
        }
    }

    fn block(&mut self, file: u16, block: &'t Block, report: &mut Report) {
        let place = at(file, &block.ident);
        match block.ident.as_str() {
            "module" => {
                let Some(name) = single_label(block, place, "vm_management", report) else { return };
                if self.modules.iter().any(|module| module.name == name) {
                    report.push(place, format!("module `{name}` is declared twice: rename one"));
                } else {
                    self.modules.push(Module { name, at: place, file, body: &block.body });
                }
            }
            "variable" => {
                let Some(name) = single_label(block, place, "region", report) else { return };
                let default =
                    block.body.get_attribute("default").map(|found| Definition { file, expr: &found.value });
                match self.variables.entry(name) {
                    Slot::Occupied(_) => {
                        report.push(place, format!("variable `{name}` is declared twice: remove one"));
                    }
                    Slot::Vacant(slot) => {
                        slot.insert(default);
                    }
                }
            }
            "locals" => {
                for structure in &block.body {
                    match structure {
                        Structure::Attribute(attribute) => self.local(file, attribute, report),
                        Structure::Block(inner) => report.push(
                            at(file, &inner.ident),
                            format!("a local value needs `=`: write `{} = {{ … }}`", inner.ident.as_str()),
                        ),
                    }
                }
            }
            name if PASSED_OVER.contains(&name) => {}
            name => {
                let known = ["module", "locals", "variable"].into_iter().chain(PASSED_OVER);
                report
                    .push(place, format!("`{name}` is no block of Terraform's{}", did_you_mean(name, known)));
            }
        }
    }

    fn local(&mut self, file: u16, attribute: &'t Attribute, report: &mut Report) {
        let name = attribute.key.as_str();
        match self.locals.entry(name) {
            Slot::Occupied(_) => {
                report
                    .push(at(file, &attribute.key), format!("`local.{name}` is declared twice: remove one"));
            }
            Slot::Vacant(slot) => {
                slot.insert(Definition { file, expr: &attribute.value });
            }
        }
    }

    fn values(&mut self, file: u16, body: &'t Body, report: &mut Report) {
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let definition = Definition { file, expr: &attribute.value };
                    self.variable_values.insert(attribute.key.as_str(), definition);
                }
                Structure::Block(block) => report.push(
                    at(file, &block.ident),
                    format!(
                        "a .tfvars file holds only `name = value`: move this `{}` block to a .tf file",
                        block.ident.as_str()
                    ),
                ),
            }
        }
    }
}

fn single_label<'t>(block: &'t Block, place: At, example: &str, report: &mut Report) -> Option<&'t str> {
    if let [label] = block.labels.as_slice() {
        return Some(label.as_str());
    }
    let kind = block.ident.as_str();
    report.push(place, format!("a `{kind}` block has one name: write `{kind} \"{example}\" {{`"));
    None
}
