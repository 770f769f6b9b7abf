//! Which pages reach a browser together. The main file holds the frame, Fleet, the search and the door; every other page
//! is in the file of its wing, which is loaded when somebody first goes there. `cargo xtask build` cuts the files (decision 9).
//!
//! The wings are few on purpose: what two of them share and the frame does not need becomes a file of that very pair, and
//! so with every other set of them. Four wings are fifteen files at worst; twelve would be thousands.

use leptos::{
    prelude::*,
    wasm_split::{SplitLoaderError, wasm_split},
};
use leptos_router::ChooseView;

use crate::{
    api::{ApiError, Code},
    components::empty::failure,
    pages::{
        alerts, audit, autoscaling, changes, costs, firewall, import, instances, passkeys, pools, settings,
        templates,
    },
};

/// Each wing becomes a kind of view for routes, by page, and the only way from the main file to those pages.
/// Only what is reached through `$draw` alone can leave the main file, so nothing else may name a page's component.
macro_rules! wings {
    ($(
        $(#[$about:meta])*
        $wing:ident($file:ident, $draw:ident, $load:ident) {
            $($room:ident: $module:ident { $($page:ident)+ })+
        }
    )+) => {
        $(
            $(#[$about])*
            #[derive(Clone, Copy, Debug)]
            pub enum $wing {
                $($($page,)+)+
            }

            impl ChooseView for $wing {
                async fn choose(self) -> AnyView {
                    // The page's head then names the files that its scripts are about to ask for.
                    #[cfg(feature = "ssr")]
                    leptos::prefetch_lazy_fn_on_server(stringify!($file));
                    $draw(self).await.unwrap_or_else(|_| not_loaded())
                }

                async fn preload(&self) {}
            }

            #[wasm_split($file, wasm_split_path = leptos::wasm_split, preload($load), fallible)]
            fn $draw(page: $wing) -> Result<AnyView, SplitLoaderError> {
                Ok(match page {
                    $($($wing::$page => $module::$page().into_any(),)+)+
                })
            }
        )+

        /// Loads the wing in which this path lies. A page can be woken in one turn only when its code is there.
        #[cfg(feature = "hydrate")]
        pub async fn load(path: &str) -> Result<(), SplitLoaderError> {
            $(
                let rooms = [$(crate::routes::$room),+];
                if rooms.iter().any(|room| crate::routes::is_within(path, room)) {
                    return $load().await;
                }
            )+
            Ok(())
        }
    };
}

wings! {
    /// Where the fleet is declared and seen to run.
    Run(run, draw_run, load_run) {
        POOLS: pools {
            Pools NewPool Overview PoolInstances Rollout PoolAutoscaling EditAutoscaling PoolFirewallPage PoolChanges
            PoolCost Timeline
            EditPool ResizePool ChangeVersion PromoteCanary RollBackCanary DeletePool ActOnInstances
        }
        INSTANCES: instances { Instances InstancePage Serial Status }
        TEMPLATES: templates { Templates NewTemplate TemplatePage EditTemplate RetireTemplate }
        AUTOSCALING: autoscaling { Autoscaling }
        FIREWALL: firewall {
            FirewallPage NewFirewallRule FirewallRulePage EditFirewallRule DeleteFirewallRule
        }
    }
    /// Where a change is brought in, judged and signed.
    Decide(decide, draw_decide, load_decide) {
        CHANGES: changes { Changes ChangePage }
        IMPORT: import { Import }
    }
    /// What has happened, and what it cost.
    Records(records, draw_records, load_records) {
        ALERTS: alerts { Alerts }
        AUDIT: audit { Audit AuditEventPage }
        COSTS: costs { Costs }
    }
    /// Who may do what, and how the control plane itself is.
    Setup(setup, draw_setup, load_setup) {
        SETTINGS: settings { Settings People Sessions Tokens NewTokenPage Environments Policy Health }
        SETTINGS: passkeys { Passkeys }
    }
}

/// Instead of a page whose wing did not arrive. The next visit asks for it again; a plain load also helps where the
/// server has become a newer one meanwhile, whose files are its own.
fn not_loaded() -> AnyView {
    let message = "The server did not answer, or it is newer than the page that you came from.";
    failure(ApiError::new(Code::Unreachable, message), "the page", true)
}
