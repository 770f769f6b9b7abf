//! What each VM's agent said last: that the store is yet to be told, and that cannot be said again.

use std::collections::{HashMap, VecDeque};

use domain::{
    agent::{LastHeartbeat, RefusedHeartbeat},
    instance::Instance,
};

use super::rows::Key;

/// A VM that restarts more often than this within a credential's hour has other troubles than replays.
const ENDED_BOOTS_KEPT: usize = 32;

/// A heartbeat on its way to the store.
#[derive(Clone, Debug)]
pub struct PendingHeartbeat {
    pub environment: String,
    pub name: String,
    pub instance_id: String,
    pub last: LastHeartbeat,
    /// Boots that this one followed, oldest first.
    pub ended_boots: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeatRefused {
    NotInPool,
    /// Not above the last sequence of this boot, or of a boot that another followed.
    Replayed,
}

/// Of one incarnation of a VM.
#[derive(Debug)]
struct Voice {
    instance_id: String,
    last: LastHeartbeat,
    /// Boots that ended, newest last: whoever has recorded them cannot play them again.
    ended_boots: VecDeque<String>,
}

#[derive(Debug, Default)]
pub(super) struct Voices {
    last: HashMap<Key, Voice>,
    pending: HashMap<Key, PendingHeartbeat>,
    /// By incarnation, of those of whom nothing was taken since.
    refused: HashMap<Key, (String, RefusedHeartbeat)>,
}

impl Voices {
    pub(super) fn restore(&mut self, heartbeats: Vec<PendingHeartbeat>) {
        for one in heartbeats {
            let key = (one.environment, one.name);
            // A name may have belonged to several VMs; only the last of them still speaks.
            let newer = |voice: &Voice| voice.last.received_at > one.last.received_at;
            if !self.last.get(&key).is_some_and(newer) {
                let ended_boots = one.ended_boots.into();
                let voice = Voice { instance_id: one.instance_id, last: one.last, ended_boots };
                self.last.insert(key, voice);
            }
        }
    }

    /// Of this very VM: another of its name may have spoken before.
    pub(super) fn of(&self, key: &Key, instance: &Instance) -> Option<&LastHeartbeat> {
        let voice = self.last.get(key)?;
        (instance.id.as_deref() == Some(voice.instance_id.as_str())).then_some(&voice.last)
    }

    /// Nothing else is known of it: what is refused is not believed.
    pub(super) fn refuse(&mut self, key: &Key, instance_id: &str, refused: RefusedHeartbeat) {
        self.refused.insert(key.clone(), (instance_id.to_owned(), refused));
    }

    pub(super) fn refused(&self, key: &Key, instance: &Instance) -> Option<&RefusedHeartbeat> {
        let (instance_id, refused) = self.refused.get(key)?;
        (instance.id.as_deref() == Some(instance_id.as_str())).then_some(refused)
    }

    pub(super) fn hear(
        &mut self,
        key: &Key,
        instance_id: &str,
        last: LastHeartbeat,
    ) -> Result<(), BeatRefused> {
        let mut ended_boots = VecDeque::new();
        if let Some(voice) = self.last.get(key).filter(|voice| voice.instance_id == instance_id) {
            let before = &voice.last.heartbeat;
            let same_boot = before.boot_id == last.heartbeat.boot_id;
            if (same_boot && last.heartbeat.sequence <= before.sequence)
                || voice.ended_boots.contains(&last.heartbeat.boot_id)
            {
                return Err(BeatRefused::Replayed);
            }
            ended_boots.clone_from(&voice.ended_boots);
            if !same_boot {
                ended_boots.push_back(before.boot_id.clone());
                if ended_boots.len() > ENDED_BOOTS_KEPT {
                    ended_boots.pop_front();
                }
            }
        }
        let pending = PendingHeartbeat {
            environment: key.0.clone(),
            name: key.1.clone(),
            instance_id: instance_id.to_owned(),
            last: last.clone(),
            ended_boots: ended_boots.iter().cloned().collect(),
        };
        self.refused.remove(key);
        self.pending.insert(key.clone(), pending);
        self.last.insert(key.clone(), Voice { instance_id: instance_id.to_owned(), last, ended_boots });
        Ok(())
    }

    pub(super) fn forget(&mut self, key: &Key) {
        self.last.remove(key);
        self.pending.remove(key);
        self.refused.remove(key);
    }

    pub(super) fn take_pending(&mut self) -> Vec<PendingHeartbeat> {
        std::mem::take(&mut self.pending).into_values().collect()
    }

    /// Of those that are listed still, unless newer ones came.
    pub(super) fn put_back(&mut self, pending: Vec<PendingHeartbeat>, is_listed: impl Fn(&Key) -> bool) {
        for one in pending {
            let key = (one.environment.clone(), one.name.clone());
            if is_listed(&key) {
                self.pending.entry(key).or_insert(one);
            }
        }
    }
}
