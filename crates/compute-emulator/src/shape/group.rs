//! Fields of a managed instance group and of the bodies of its actions.

use super::{Fields, Shape, Shape::*};

pub(crate) const GROUP: Fields = &[
    ("kind", Text),
    ("id", Int64),
    ("creationTimestamp", Text),
    ("selfLink", Text),
    ("region", Text),
    ("zone", Text),
    ("name", Text),
    ("description", Text),
    ("baseInstanceName", Text),
    ("instanceTemplate", Text),
    ("instanceGroup", Text),
    ("fingerprint", Bytes),
    ("targetSize", Int32),
    ("targetPools", List(&Text)),
    ("targetStoppedSize", Int32),
    ("targetSuspendedSize", Int32),
    ("listManagedInstancesResults", Choice(&["PAGELESS", "PAGINATED"])),
    ("namedPorts", List(&Object(&[("name", Text), ("port", Int32)]))),
    (
        "versions",
        List(&Object(&[("name", Text), ("instanceTemplate", Text), ("targetSize", FIXED_OR_PERCENT)])),
    ),
    ("autoHealingPolicies", List(&Object(&[("healthCheck", Text), ("initialDelaySec", Int32)]))),
    ("updatePolicy", Object(UPDATE_POLICY)),
    ("distributionPolicy", Object(DISTRIBUTION)),
    ("instanceLifecyclePolicy", Object(LIFECYCLE)),
    (
        "allInstancesConfig",
        Object(&[("properties", Object(&[("labels", Map(&Text)), ("metadata", Map(&Text))]))]),
    ),
    ("standbyPolicy", Object(&[("initialDelaySec", Int32), ("mode", Choice(&["MANUAL", "SCALE_OUT_POOL"]))])),
    ("statefulPolicy", Object(&[("preservedState", Object(PRESERVED))])),
    ("currentActions", Object(ACTIONS)),
    ("status", Object(STATUS)),
];

const FIXED_OR_PERCENT: Shape = Object(&[("fixed", Int32), ("percent", Int32), ("calculated", Int32)]);
const ACTION: Shape = Choice(&["NONE", "REFRESH", "REPLACE", "RESTART"]);

const UPDATE_POLICY: Fields = &[
    ("type", Choice(&["OPPORTUNISTIC", "PROACTIVE"])),
    ("minimalAction", ACTION),
    ("mostDisruptiveAllowedAction", ACTION),
    ("maxSurge", FIXED_OR_PERCENT),
    ("maxUnavailable", FIXED_OR_PERCENT),
    ("replacementMethod", Choice(&["RECREATE", "SUBSTITUTE"])),
    ("instanceRedistributionType", Choice(&["NONE", "PROACTIVE"])),
];

const DISTRIBUTION: Fields = &[
    ("zones", List(&Object(&[("zone", Text)]))),
    ("targetShape", Choice(&["ANY", "ANY_SINGLE_ZONE", "BALANCED", "EVEN"])),
];

const LIFECYCLE: Fields = &[
    ("defaultActionOnFailure", Choice(&["DO_NOTHING", "REPAIR"])),
    ("forceUpdateOnRepair", Choice(&["NO", "YES"])),
    ("onFailedHealthCheck", Choice(&["DEFAULT_ACTION", "DO_NOTHING", "REPAIR"])),
    ("onRepair", Object(&[("allowChangingZone", Choice(&["NO", "YES"]))])),
];

const PRESERVED: Fields =
    &[("disks", Map(&DELETION)), ("externalIPs", Map(&DELETION)), ("internalIPs", Map(&DELETION))];
const DELETION: Shape = Object(&[("autoDelete", Choice(&["NEVER", "ON_PERMANENT_INSTANCE_DELETION"]))]);

const ACTIONS: Fields = &[
    ("abandoning", Int32),
    ("creating", Int32),
    ("creatingWithoutRetries", Int32),
    ("deleting", Int32),
    ("none", Int32),
    ("recreating", Int32),
    ("refreshing", Int32),
    ("restarting", Int32),
    ("resuming", Int32),
    ("starting", Int32),
    ("stopping", Int32),
    ("suspending", Int32),
    ("verifying", Int32),
];

const STATUS: Fields = &[
    ("allInstancesConfig", Object(&[("currentRevision", Text), ("effective", Bool)])),
    ("autoscaler", Text),
    ("currentInstanceStatuses", Object(STATUSES)),
    ("isStable", Bool),
    (
        "stateful",
        Object(&[("hasStatefulConfig", Bool), ("perInstanceConfigs", Object(&[("allEffective", Bool)]))]),
    ),
    ("versionTarget", Object(&[("isReached", Bool)])),
];

const STATUSES: Fields = &[
    ("deprovisioning", Int32),
    ("nonExistent", Int32),
    ("pending", Int32),
    ("pendingStop", Int32),
    ("provisioning", Int32),
    ("repairing", Int32),
    ("running", Int32),
    ("staging", Int32),
    ("stopped", Int32),
    ("stopping", Int32),
    ("suspended", Int32),
    ("suspending", Int32),
    ("terminated", Int32),
];

/// Body of recreateInstances, abandonInstances and startInstances.
pub(crate) const INSTANCES: Fields = &[("instances", List(&Text))];
pub(crate) const DELETE_INSTANCES: Fields =
    &[("instances", List(&Text)), ("skipInstancesOnValidationError", Bool)];
pub(crate) const STOP_INSTANCES: Fields = &[("instances", List(&Text)), ("forceStop", Bool)];
/// The emulator keeps no per-instance configuration: what an instance would preserve is refused as unknown.
pub(crate) const CREATE_INSTANCES: Fields =
    &[("instances", List(&Object(&[("name", Text), ("fingerprint", Bytes)])))];
pub(crate) const SET_TEMPLATE: Fields = &[("instanceTemplate", Text)];
pub(crate) const APPLY_UPDATES: Fields = &[
    ("instances", List(&Text)),
    ("allInstances", Bool),
    ("minimalAction", ACTION),
    ("mostDisruptiveAllowedAction", ACTION),
];
