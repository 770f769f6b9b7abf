//! Which module block is the fleet.

use hcl_edit::expr::Expression;

use crate::{
    declarations::{Declarations, Module},
    nearest::did_you_mean,
    report::Report,
};

pub(crate) enum Choice<'d, 't> {
    Module(&'d Module<'t>),
    Ask(Vec<String>),
    /// The reason was reported.
    None,
}

/// Those whose `source` ends in `vm-management`; where there is none, any. The user decides between several.
pub(crate) fn choose<'d, 't>(
    declarations: &'d Declarations<'t>,
    wanted: Option<&str>,
    report: &mut Report,
) -> Choice<'d, 't> {
    let modules = &declarations.modules;
    if let Some(wanted) = wanted {
        if let Some(module) = modules.iter().find(|module| module.name == wanted) {
            return Choice::Module(module);
        }
        let names = modules.iter().map(|module| module.name);
        report.push(None, format!("no module is named `{wanted}`{}", did_you_mean(wanted, names)));
        return Choice::None;
    }
    let mut candidates: Vec<_> = modules.iter().filter(|module| manages_vms(module)).collect();
    if candidates.is_empty() {
        candidates = modules.iter().collect();
    }
    match candidates.as_slice() {
        [] => {
            report
                .push(None, "no module block found: a fleet is declared by `module \"vm_management\" { … }`");
            Choice::None
        }
        [module] => Choice::Module(module),
        several => Choice::Ask(several.iter().map(|module| module.name.to_owned()).collect()),
    }
}

fn manages_vms(module: &Module<'_>) -> bool {
    let source = module.body.get_attribute("source").map(|attribute| &attribute.value);
    source.and_then(Expression::as_str).is_some_and(|source| {
        // `git::https://…//modules/vm-management?ref=v1.2`
        let path = source.split('?').next().unwrap_or_default();
        path.trim_end_matches('/').trim_end_matches(".git").ends_with("vm-management")
    })
}
