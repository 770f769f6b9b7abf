//! Fields of an autoscaler.

use super::{Fields, Shape::*};

pub(crate) const AUTOSCALER: Fields = &[
    ("kind", Text),
    ("id", Int64),
    ("creationTimestamp", Text),
    ("selfLink", Text),
    ("region", Text),
    ("zone", Text),
    ("status", Choice(&["ACTIVE", "DELETING", "ERROR", "PENDING"])),
    ("statusDetails", List(&Object(&[("type", Text), ("message", Text)]))),
    ("recommendedSize", Int32),
    (
        "scalingScheduleStatus",
        Map(&Object(&[
            ("state", Choice(&["ACTIVE", "DISABLED", "OBSOLETE", "READY"])),
            ("lastStartTime", Text),
            ("nextStartTime", Text),
        ])),
    ),
    ("name", Text),
    ("description", Text),
    ("target", Text),
    ("autoscalingPolicy", Object(POLICY)),
];

const POLICY: Fields = &[
    ("minNumReplicas", Int32),
    ("maxNumReplicas", Int32),
    ("coolDownPeriodSec", Int32),
    ("stabilizationPeriodSec", Int32),
    ("mode", Choice(&["OFF", "ON", "ONLY_SCALE_OUT", "ONLY_UP"])),
    (
        "cpuUtilization",
        Object(&[
            ("utilizationTarget", Double),
            ("predictiveMethod", Choice(&["NONE", "OPTIMIZE_AVAILABILITY"])),
        ]),
    ),
    ("customMetricUtilizations", List(&Object(METRIC))),
    ("loadBalancingUtilization", Object(&[("utilizationTarget", Double)])),
    (
        "scaleInControl",
        Object(&[
            ("maxScaledInReplicas", Object(&[("fixed", Int32), ("percent", Int32), ("calculated", Int32)])),
            ("timeWindowSec", Int32),
        ]),
    ),
    ("scalingSchedules", Map(&Object(SCHEDULE))),
];

const METRIC: Fields = &[
    ("metric", Text),
    ("filter", Text),
    ("utilizationTarget", Double),
    ("utilizationTargetType", Choice(&["DELTA_PER_MINUTE", "DELTA_PER_SECOND", "GAUGE"])),
    ("singleInstanceAssignment", Double),
];

const SCHEDULE: Fields = &[
    ("description", Text),
    ("disabled", Bool),
    ("durationSec", Int32),
    ("minRequiredReplicas", Int32),
    ("schedule", Text),
    ("timeZone", Text),
];
