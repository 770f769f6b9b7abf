//! The closed set of rules: a word that never changes, and what it asks in one line.

macro_rules! rules {
    ($($variant:ident $word:literal $line:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Rule { $($variant,)* }

        impl Rule {
            pub(super) const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        /// Every rule that a violation may name, with what it asks.
        pub const RULES: &[(&str, &str)] = &[$(($word, $line),)*];
    };
}

rules! {
    AgentTypeMismatch "agent_type_mismatch" "A pool and its template are of one agent type.";
    AllowXorDeny "allow_xor_deny" "A firewall rule allows or denies, and never both or neither.";
    CanarySameVersion "canary_same_version" "A canary is of another version than its pool.";
    CanarySize "canary_size" "A canary has at least one VM.";
    Cidr "cidr" "Address ranges are CIDR blocks without host bits, all IPv4 or all IPv6.";
    ConfidentialMachineType "confidential_machine_type" "Confidential VMs need a machine family that has them.";
    Cooldown "cooldown" "The autoscaler's cooldown is 15 to 3600 seconds.";
    CpuTarget "cpu_target" "The CPU target is above 0 and at most 1.";
    CustomConfigJson "custom_config_json" "custom_config is a JSON text.";
    CustomMetric "custom_metric" "A custom metric has a domain and a path, a positive target and a known type.";
    DirectionFixed "direction_fixed" "The direction of an existing firewall rule cannot change.";
    DiskSize "disk_size" "Disks have 10 to 65536 GB.";
    DiskType "disk_type" "The disk type exists and its machine family takes it.";
    FirewallDestinations "firewall_destinations" "EGRESS rules name destinations.";
    FirewallSources "firewall_sources" "INGRESS rules name sources; EGRESS rules have no source tags.";
    GroupTooLarge "group_too_large" "A regional group has at most 2000 VMs.";
    HeartbeatThresholds "heartbeat_thresholds" "An agent is late before it is silent, within 5 to 3600 seconds; it may take 30 to 7200 seconds to start.";
    HealthInterval "health_interval" "The probe's interval and timeout are 1 to 300 seconds.";
    HealthPath "health_path" "The probe's path begins with a slash.";
    HealthThreshold "health_threshold" "The probe's thresholds are 1 to 10.";
    HealthTimeout "health_timeout" "The probe's timeout is at most its interval.";
    ImageSyntax "image_syntax" "An image is project/family or a path of one.";
    InitialDelay "initial_delay" "Healing waits at most 3600 seconds for a new VM.";
    IntegrityWithoutVtpm "integrity_without_vtpm" "Integrity monitoring needs the vTPM.";
    KmsKeyRegion "kms_key_region" "The KMS key is in the region of the disks, or global.";
    KmsKeySyntax "kms_key_syntax" "A KMS key is named in full.";
    LabelSyntax "label_syntax" "Labels have lower-case keys and values of at most 63 characters, and at most 64 of them.";
    MachineTypeUnavailable "machine_type_unavailable" "The machine type exists in every zone of the pool.";
    MachineTypeUnknown "machine_type_unknown" "The machine type exists.";
    Metadata "metadata" "Metadata keys and values have the form and length that Compute Engine takes.";
    MetadataReserved "metadata_reserved" "Metadata that the product sets is not declared by hand.";
    MinAboveMax "min_above_max" "An autoscaled pool has min_replicas up to max_replicas, which is at least 1.";
    NameDuplicate "name_duplicate" "Names are unique in their list.";
    NameSyntax "name_syntax" "Names have lower-case letters, digits and hyphens (RFC 1035).";
    NameTooLong "name_too_long" "Derived names have at most 63 characters.";
    NetworkFixed "network_fixed" "The network of an existing firewall rule cannot change.";
    NetworkSyntax "network_syntax" "A network is a name, or a path or URL of one.";
    NoSurgeNoUnavailable "no_surge_no_unavailable" "max_surge and max_unavailable are not both 0.";
    Port "port" "Ports are 1 to 65535 and have names once each.";
    Ports "ports" "Firewall ports are numbers or ranges, for protocols that have ports.";
    Priority "priority" "A firewall rule's priority is at most 65535.";
    ProjectIdSyntax "project_id_syntax" "A project id has 6 to 30 lower-case letters, digits and hyphens.";
    Protocol "protocol" "A protocol is a known word or an IP protocol number.";
    RecreateSurges "recreate_surges" "max_surge is 0 where VMs are recreated under their names.";
    RegionUnknown "region_unknown" "The region has a region's form and its zones are known.";
    Required "required" "Required attributes are not empty.";
    ScalingSchedule "scaling_schedule" "A schedule has a name of its own, cron, a known time zone, 300 s or more and at most 2000 VMs; a pool has at most 128.";
    ScaleIn "scale_in" "Scale-in is limited to 1 to 100 percent over 60 to 3600 seconds.";
    ScopeUnknown "scope_unknown" "A scope is a Google URL or a known short name.";
    ServiceAccountSyntax "service_account_syntax" "A service account is an e-mail address.";
    ShareOfSmallGroup "share_of_small_group" "max_surge and max_unavailable are shares only in groups of at least 10 VMs.";
    SizeOutOfBounds "size_out_of_bounds" "The size of an autoscaled pool is within its bounds.";
    SpotAutomaticRestart "spot_automatic_restart" "Spot VMs are not restarted automatically.";
    StartupScriptUrl "startup_script_url" "The startup script's address is a gs:// or https:// URL.";
    SubnetRegion "subnet_region" "The subnet is in the region.";
    SubnetSyntax "subnet_syntax" "A subnet is a name, or a path or URL of one.";
    SurgeBelowZones "surge_below_zones" "max_surge is 0 or at least the number of zones.";
    TagSyntax "tag_syntax" "Network tags are RFC 1035 names, at most 64 of them.";
    UnavailableBelowZones "unavailable_below_zones" "max_unavailable is 0 or at least the number of zones.";
    UnknownTemplate "unknown_template" "A pool's template is declared.";
    UnknownVersion "unknown_version" "A version that a pool holds to is known, and is what its digits say.";
    ZoneNotInRegion "zone_not_in_region" "Zones are zones of the region, each once.";
    ZonesFixed "zones_fixed" "The zones of an existing group cannot change.";
}
