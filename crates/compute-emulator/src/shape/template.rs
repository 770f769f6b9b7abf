//! Fields of an instance template.

use super::{Fields, Shape, Shape::*};

pub(crate) const TEMPLATE: Fields = &[
    ("kind", Text),
    ("id", Int64),
    ("creationTimestamp", Text),
    ("selfLink", Text),
    ("region", Text),
    ("name", Text),
    ("description", Text),
    ("properties", Object(PROPERTIES)),
];

const PROPERTIES: Fields = &[
    ("description", Text),
    ("machineType", Text),
    ("minCpuPlatform", Text),
    ("canIpForward", Bool),
    ("labels", Map(&Text)),
    ("resourceManagerTags", Map(&Text)),
    ("resourcePolicies", List(&Text)),
    ("tags", Object(&[("items", List(&Text)), ("fingerprint", Bytes)])),
    (
        "metadata",
        Object(&[
            ("kind", Text),
            ("fingerprint", Bytes),
            ("items", List(&Object(&[("key", Text), ("value", Text)]))),
        ]),
    ),
    ("disks", List(&Object(DISK))),
    ("networkInterfaces", List(&Object(INTERFACE))),
    ("serviceAccounts", List(&Object(&[("email", Text), ("scopes", List(&Text))]))),
    ("scheduling", Object(SCHEDULING)),
    (
        "shieldedInstanceConfig",
        Object(&[("enableIntegrityMonitoring", Bool), ("enableSecureBoot", Bool), ("enableVtpm", Bool)]),
    ),
    (
        "confidentialInstanceConfig",
        Object(&[
            ("enableConfidentialCompute", Bool),
            (
                "confidentialInstanceType",
                Choice(&["CONFIDENTIAL_INSTANCE_TYPE_UNSPECIFIED", "SEV", "SEV_SNP", "TDX"]),
            ),
        ]),
    ),
    (
        "advancedMachineFeatures",
        Object(&[
            ("enableNestedVirtualization", Bool),
            ("enableUefiNetworking", Bool),
            ("threadsPerCore", Int32),
            ("visibleCoreCount", Int32),
            ("turboMode", Text),
        ]),
    ),
    ("guestAccelerators", List(&Object(&[("acceleratorCount", Int32), ("acceleratorType", Text)]))),
    (
        "reservationAffinity",
        Object(&[
            (
                "consumeReservationType",
                Choice(&["ANY_RESERVATION", "NO_RESERVATION", "SPECIFIC_RESERVATION", "UNSPECIFIED"]),
            ),
            ("key", Text),
            ("values", List(&Text)),
        ]),
    ),
    ("networkPerformanceConfig", Object(&[("totalEgressBandwidthTier", Choice(&["DEFAULT", "TIER_1"]))])),
    ("keyRevocationActionType", Choice(&["KEY_REVOCATION_ACTION_TYPE_UNSPECIFIED", "NONE", "STOP"])),
];

const DISK: Fields = &[
    ("kind", Text),
    ("autoDelete", Bool),
    ("boot", Bool),
    ("deviceName", Text),
    ("diskEncryptionKey", Object(KEY)),
    ("diskSizeGb", Int64),
    ("forceAttach", Bool),
    ("guestOsFeatures", List(&Object(&[("type", Text)]))),
    ("index", Int32),
    ("initializeParams", Object(INITIALIZE)),
    ("interface", Choice(&["NVME", "SCSI"])),
    ("licenses", List(&Text)),
    ("mode", Choice(&["READ_ONLY", "READ_WRITE"])),
    ("source", Text),
    ("type", Choice(&["PERSISTENT", "SCRATCH"])),
];

const INITIALIZE: Fields = &[
    ("architecture", Choice(&["ARCHITECTURE_UNSPECIFIED", "ARM64", "X86_64"])),
    ("description", Text),
    ("diskName", Text),
    ("diskSizeGb", Int64),
    ("diskType", Text),
    ("labels", Map(&Text)),
    ("licenses", List(&Text)),
    ("provisionedIops", Int64),
    ("provisionedThroughput", Int64),
    ("resourceManagerTags", Map(&Text)),
    ("resourcePolicies", List(&Text)),
    ("sourceImage", Text),
    ("sourceImageEncryptionKey", Object(KEY)),
    ("sourceSnapshot", Text),
    ("storagePool", Text),
];

const KEY: Fields = &[
    ("kmsKeyName", Text),
    ("kmsKeyServiceAccount", Text),
    ("rawKey", Text),
    ("rsaEncryptedKey", Text),
    ("sha256", Text),
];

const INTERFACE: Fields = &[
    ("kind", Text),
    ("name", Text),
    ("network", Text),
    ("subnetwork", Text),
    ("networkIP", Text),
    ("nicType", Choice(&["GVNIC", "IDPF", "IRDMA", "MRDMA", "UNSPECIFIED_NIC_TYPE", "VIRTIO_NET"])),
    ("stackType", Choice(&["IPV4_IPV6", "IPV4_ONLY", "IPV6_ONLY"])),
    ("queueCount", Int32),
    ("accessConfigs", List(&Object(ACCESS))),
    ("aliasIpRanges", List(&Object(&[("ipCidrRange", Text), ("subnetworkRangeName", Text)]))),
];

const ACCESS: Fields = &[
    ("kind", Text),
    ("name", Text),
    ("type", Choice(&["DIRECT_IPV6", "ONE_TO_ONE_NAT"])),
    ("natIP", Text),
    ("networkTier", Choice(&["FIXED_STANDARD", "PREMIUM", "STANDARD", "STANDARD_OVERRIDES_FIXED_STANDARD"])),
];

const DURATION: Shape = Object(&[("seconds", Int64), ("nanos", Int32)]);

const SCHEDULING: Fields = &[
    ("automaticRestart", Bool),
    ("onHostMaintenance", Choice(&["MIGRATE", "TERMINATE"])),
    ("preemptible", Bool),
    ("provisioningModel", Choice(&["FLEX_START", "RESERVATION_BOUND", "SPOT", "STANDARD"])),
    ("instanceTerminationAction", Choice(&["DELETE", "INSTANCE_TERMINATION_ACTION_UNSPECIFIED", "STOP"])),
    ("minNodeCpus", Int32),
    ("locationHint", Text),
    ("availabilityDomain", Int32),
    ("maxRunDuration", DURATION),
    ("localSsdRecoveryTimeout", DURATION),
    ("preemptionNoticeDuration", DURATION),
    ("hostErrorTimeoutSeconds", Int32),
    ("skipGuestOsShutdown", Bool),
    (
        "nodeAffinities",
        List(&Object(&[
            ("key", Text),
            ("operator", Choice(&["IN", "NOT_IN", "OPERATOR_UNSPECIFIED"])),
            ("values", List(&Text)),
        ])),
    ),
];
