//! Instance templates, global and immutable.

use domain::resource::{Disk, InstanceTemplate, MaintenancePolicy, ResourceKind, Scheduling, Shielded};
use google_cloud_compute_v1::model::{
    AccessConfig, AttachedDisk, AttachedDiskInitializeParams, ConfidentialInstanceConfig,
    CustomerEncryptionKey, InstanceProperties, InstanceTemplate as Wire, Metadata, NetworkInterface,
    Scheduling as WireScheduling, ServiceAccount, ShieldedInstanceConfig, Tags,
    access_config::Type as AccessType,
    attached_disk::{Mode, Type as DiskType},
    metadata::Items,
    scheduling::{InstanceTerminationAction, OnHostMaintenance, ProvisioningModel},
};

use crate::{
    Compute, Error, OperationScope, Scope, Submitted,
    client::{Call, all},
    link,
    normal::{self, normalize_image, normalize_network, normalize_subnetwork, normalize_template},
    submit::{deleted, existing, started},
};

const WORKSPACE: &str = "workspace";

/// The API's word for the project's default service account.
const DEFAULT_ACCOUNT: &str = "default";

impl Compute {
    pub(crate) async fn list_instance_templates(
        &self,
        scope: &Scope,
        filter: String,
    ) -> Result<Vec<InstanceTemplate>, Error> {
        let list =
            self.0.instance_templates.list().set_project(&scope.project).set_filter(filter).repeatable();
        Ok(all!(list).into_iter().map(|wire| from_google(scope, wire)).collect())
    }

    pub(crate) async fn create_instance_template(
        &self,
        scope: &Scope,
        wanted: &InstanceTemplate,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let mut wanted = wanted.clone();
        normalize_template(scope, &mut wanted);
        let insert =
            self.0.instance_templates.insert().set_project(&scope.project).set_request_id(request_id);
        match started(OperationScope::Global, insert.set_body(to_google(&wanted)).repeatable().send().await) {
            Err(Error::AlreadyExists { .. }) => {
                let get = self
                    .0
                    .instance_templates
                    .get()
                    .set_project(&scope.project)
                    .set_instance_template(&wanted.name);
                let found =
                    get.repeatable().send().await.map(|wire| from_google(scope, wire)).map_err(Error::from);
                existing(ResourceKind::InstanceTemplate, &wanted.name, &wanted, found)
            }
            other => other,
        }
    }

    pub(crate) async fn delete_instance_template(
        &self,
        scope: &Scope,
        name: &str,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let delete = self
            .0
            .instance_templates
            .delete()
            .set_project(&scope.project)
            .set_instance_template(name)
            .set_request_id(request_id);
        deleted(OperationScope::Global, delete.repeatable().send().await)
    }
}

/// Expects normalized texts.
fn to_google(template: &InstanceTemplate) -> Wire {
    let boot = disk(&template.boot_disk).set_boot(true);
    let boot = match boot.initialize_params.clone() {
        Some(params) => {
            boot.set_initialize_params(params.set_source_image(normal::image_path(&template.source_image)))
        }
        None => boot,
    };
    let workspace =
        template.workspace_disk.as_ref().map(|workspace| disk(workspace).set_device_name(WORKSPACE));
    let mut properties = InstanceProperties::new()
        .set_machine_type(&template.machine_type)
        .set_disks(std::iter::once(boot).chain(workspace))
        .set_network_interfaces([network_interface(template)])
        .set_service_accounts([ServiceAccount::new()
            .set_email(template.service_account.as_deref().unwrap_or(DEFAULT_ACCOUNT))
            .set_scopes(&template.scopes)])
        .set_tags(Tags::new().set_items(&template.tags))
        .set_labels(&template.labels)
        .set_metadata(
            Metadata::new()
                .set_items(template.metadata.iter().map(|(k, v)| Items::new().set_key(k).set_value(v))),
        )
        .set_scheduling(scheduling(&template.scheduling))
        .set_shielded_instance_config(
            ShieldedInstanceConfig::new()
                .set_enable_secure_boot(template.shielded.secure_boot)
                .set_enable_vtpm(template.shielded.vtpm)
                .set_enable_integrity_monitoring(template.shielded.integrity_monitoring),
        )
        .set_resource_policies(&template.resource_policies);
    if template.confidential {
        properties = properties.set_confidential_instance_config(
            ConfidentialInstanceConfig::new().set_enable_confidential_compute(true),
        );
    }
    Wire::new().set_name(&template.name).set_description(&template.description).set_properties(properties)
}

/// No disk name: a fixed one would collide at the group's second VM.
fn disk(disk: &Disk) -> AttachedDisk {
    let params = AttachedDiskInitializeParams::new()
        .set_disk_size_gb(i64::from(disk.size_gb))
        .set_disk_type(&disk.disk_type);
    let attached = AttachedDisk::new()
        .set_type(DiskType::Persistent)
        .set_mode(Mode::ReadWrite)
        .set_auto_delete(true)
        .set_initialize_params(params);
    match &disk.kms_key {
        Some(key) => attached.set_disk_encryption_key(CustomerEncryptionKey::new().set_kms_key_name(key)),
        None => attached,
    }
}

fn network_interface(template: &InstanceTemplate) -> NetworkInterface {
    let mut interface = NetworkInterface::new();
    if !template.network.is_empty() {
        interface = interface.set_network(&template.network);
    }
    if !template.subnetwork.is_empty() {
        interface = interface.set_subnetwork(&template.subnetwork);
    }
    if template.external_ip {
        let nat = AccessConfig::new().set_type(AccessType::OneToOneNat).set_name("External NAT");
        interface = interface.set_access_configs([nat]);
    }
    interface
}

fn scheduling(scheduling: &Scheduling) -> WireScheduling {
    let wire = WireScheduling::new()
        .set_automatic_restart(scheduling.automatic_restart)
        .set_on_host_maintenance(match scheduling.on_host_maintenance {
            MaintenancePolicy::Migrate => OnHostMaintenance::Migrate,
            MaintenancePolicy::Terminate => OnHostMaintenance::Terminate,
        });
    if scheduling.spot {
        // A group refuses spot VMs that are deleted instead.
        wire.set_provisioning_model(ProvisioningModel::Spot)
            .set_preemptible(true)
            .set_instance_termination_action(InstanceTerminationAction::Stop)
    } else {
        wire.set_provisioning_model(ProvisioningModel::Standard)
    }
}

/// Absent settings have the service's defaults.
fn from_google(scope: &Scope, wire: Wire) -> InstanceTemplate {
    let properties = wire.properties.unwrap_or_default();
    let (boot, others): (Vec<_>, Vec<_>) =
        properties.disks.into_iter().partition(|disk| disk.boot.unwrap_or_default());
    let boot = boot.into_iter().next().unwrap_or_default();
    let source_image =
        boot.initialize_params.as_ref().and_then(|params| params.source_image.clone()).unwrap_or_default();
    let interface = properties.network_interfaces.into_iter().next().unwrap_or_default();
    let account = properties.service_accounts.into_iter().next().unwrap_or_default();
    let shielded = properties.shielded_instance_config.unwrap_or_default();
    InstanceTemplate {
        name: wire.name.unwrap_or_default(),
        description: wire.description.unwrap_or_default(),
        machine_type: link::name(&properties.machine_type.unwrap_or_default()).to_owned(),
        source_image: normalize_image(&scope.project, &source_image),
        boot_disk: read_disk(boot),
        workspace_disk: others.into_iter().next().map(read_disk),
        network: normalize_network(&scope.project, &interface.network.unwrap_or_default()),
        subnetwork: normalize_subnetwork(
            &scope.project,
            &scope.region,
            &interface.subnetwork.unwrap_or_default(),
        ),
        external_ip: !interface.access_configs.is_empty(),
        service_account: account.email.filter(|email| email != DEFAULT_ACCOUNT),
        scopes: account.scopes,
        tags: properties.tags.unwrap_or_default().items.into_iter().collect(),
        labels: properties.labels.into_iter().collect(),
        metadata: properties
            .metadata
            .unwrap_or_default()
            .items
            .into_iter()
            .filter_map(|item| Some((item.key?, item.value.unwrap_or_default())))
            .collect(),
        scheduling: read_scheduling(properties.scheduling.unwrap_or_default()),
        shielded: Shielded {
            secure_boot: shielded.enable_secure_boot.unwrap_or(false),
            vtpm: shielded.enable_vtpm.unwrap_or(true),
            integrity_monitoring: shielded.enable_integrity_monitoring.unwrap_or(true),
        },
        confidential: properties
            .confidential_instance_config
            .and_then(|confidential| confidential.enable_confidential_compute)
            .unwrap_or_default(),
        resource_policies: properties
            .resource_policies
            .iter()
            .map(|policy| link::name(policy).to_owned())
            .collect(),
    }
}

fn read_disk(disk: AttachedDisk) -> Disk {
    let params = disk.initialize_params.unwrap_or_default();
    let size = params.disk_size_gb.or(disk.disk_size_gb).unwrap_or_default();
    Disk {
        size_gb: u32::try_from(size).unwrap_or_default(),
        disk_type: link::name(&params.disk_type.unwrap_or_default()).to_owned(),
        kms_key: disk.disk_encryption_key.and_then(|key| key.kms_key_name).map(|key| normal::kms_key(&key)),
    }
}

fn read_scheduling(scheduling: WireScheduling) -> Scheduling {
    Scheduling {
        spot: scheduling.provisioning_model == Some(ProvisioningModel::Spot)
            || scheduling.preemptible.unwrap_or_default(),
        automatic_restart: scheduling.automatic_restart.unwrap_or(true),
        on_host_maintenance: match scheduling.on_host_maintenance {
            Some(OnHostMaintenance::Terminate) => MaintenancePolicy::Terminate,
            _ => MaintenancePolicy::Migrate,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, option, prelude::*};

    use super::*;

    fn disk_strategy() -> impl Strategy<Value = Disk> {
        let key = option::of("projects/p/locations/r/keyRings/k/cryptoKeys/[a-z]{1,9}");
        (any::<u32>(), "pd-ssd|pd-balanced", key).prop_map(|(size_gb, disk_type, kms_key)| Disk {
            size_gb,
            disk_type,
            kms_key,
        })
    }

    prop_compose! {
        fn template()(
            description in "[ -~]{0,30}",
            image in "[a-z]{1,9}/[a-z]{1,9}|projects/[a-z]{1,9}/global/images/[a-z]{1,9}",
            boot_disk in disk_strategy(),
            workspace_disk in option::of(disk_strategy()),
            service_account in option::of("[a-z]{1,9}@p.iam.gserviceaccount.com"),
            scopes in collection::vec("https://www.googleapis.com/auth/[a-z]{1,9}", 0..3),
            tags in collection::btree_set("[a-z]{1,9}", 0..4),
            labels in collection::btree_map("[a-z]{1,9}", "[a-z0-9]{0,9}", 0..4),
            metadata in collection::btree_map("[a-z-]{1,9}", "[ -~]{0,40}", 0..4),
            flags in prop::array::uniform8(any::<bool>()),
            resource_policies in collection::vec("[a-z]{1,9}", 0..2),
        ) -> InstanceTemplate {
            let [spot, automatic_restart, terminate, secure_boot, vtpm, integrity_monitoring, external_ip, confidential] =
                flags;
            InstanceTemplate {
                name: "genesis-agent-web-1".to_owned(),
                description,
                machine_type: "e2-standard-2".to_owned(),
                source_image: image,
                boot_disk,
                workspace_disk,
                network: "projects/p/global/networks/n".to_owned(),
                subnetwork: "projects/p/regions/r/subnetworks/s".to_owned(),
                external_ip,
                service_account,
                scopes,
                tags,
                labels,
                metadata,
                scheduling: Scheduling {
                    spot,
                    automatic_restart,
                    on_host_maintenance: if terminate {
                        MaintenancePolicy::Terminate
                    } else {
                        MaintenancePolicy::Migrate
                    },
                },
                shielded: Shielded { secure_boot, vtpm, integrity_monitoring },
                confidential,
                resource_policies,
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_sent_reads_back(template in template()) {
            prop_assert_eq!(from_google(&Scope::new("p", "r"), to_google(&template)), template);
        }

        #[test]
        fn no_disk_has_a_fixed_name(template in template()) {
            let properties = to_google(&template).properties.unwrap();
            for disk in properties.disks {
                prop_assert_eq!(disk.initialize_params.unwrap().disk_name, None);
                prop_assert_eq!(disk.auto_delete, Some(true));
            }
        }

        #[test]
        fn spot_machines_are_stopped_not_deleted(template in template()) {
            let spot = template.scheduling.spot;
            let scheduling = to_google(&template).properties.unwrap().scheduling.unwrap();
            prop_assert_eq!(
                scheduling.instance_termination_action,
                spot.then_some(InstanceTerminationAction::Stop)
            );
        }
    }
}
