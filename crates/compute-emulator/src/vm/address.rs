//! Loopback addresses for VMs. Each emulator takes a block of 4096 addresses in 127.16.0.0/12 and holds it by listening on
//! the block's address 1, so that emulators beside each other do not meet.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use serde::{Deserialize, Serialize};

/// Where an agent listens on its VM.
pub(crate) const AGENT_PORT: u16 = 8080;
/// The port on a block's address 1 that marks the block as taken.
const LOCK_PORT: u16 = 8079;
const BLOCKS: u32 = 256;
const BLOCK_SIZE: u32 = 4096;
const FIRST: u32 = u32::from_be_bytes([127, 16, 0, 0]);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Addresses {
    block: u32,
    next: u32,
    /// All VMs are at 127.0.0.1. Not kept: each run is told anew.
    #[serde(skip)]
    shared: bool,
}

impl Addresses {
    pub(crate) fn new(seed: u64) -> Self {
        Self { block: (seed % u64::from(BLOCKS)) as u32, next: 0, shared: false }
    }

    /// Takes the block that was last used or the next free one. The listener holds the block as long as it lives; None on
    /// systems whose loopback is 127.0.0.1 alone.
    pub(crate) fn claim(&mut self) -> Option<TcpListener> {
        for _ in 0..BLOCKS {
            if let Ok(lock) = TcpListener::bind((self.at(1), LOCK_PORT)) {
                return Some(lock);
            }
            self.block = (self.block + 1) % BLOCKS;
        }
        None
    }

    /// From now on each agent gets a port of 127.0.0.1.
    pub(crate) fn share(&mut self) {
        self.shared = true;
    }

    fn at(&self, offset: u32) -> Ipv4Addr {
        Ipv4Addr::from(FIRST + self.block * BLOCK_SIZE + offset)
    }

    /// An address on which an agent can listen and that no VM has: the next one of the block or, where that is impossible,
    /// a port of 127.0.0.1.
    pub(crate) fn allocate(&mut self, taken: impl Fn(SocketAddr) -> bool) -> SocketAddr {
        if self.shared {
            return Self::own_port(taken);
        }
        for _ in 0..BLOCK_SIZE {
            self.next = (self.next + 1) % BLOCK_SIZE;
            // Neither the lock's address nor the ones that a /24 would use for itself.
            if self.next <= 1 || matches!(self.next % 256, 0 | 255) {
                continue;
            }
            let address = SocketAddr::from((self.at(self.next), AGENT_PORT));
            if taken(address) {
                continue;
            }
            match TcpListener::bind(address) {
                Ok(_) => return address,
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
                Err(_) => break,
            }
        }
        Self::own_port(taken)
    }

    /// A port that the system has to give and that no VM has: a VM's is free until its agent listens.
    fn own_port(taken: impl Fn(SocketAddr) -> bool) -> SocketAddr {
        let free =
            || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).ok();
        std::iter::repeat_with(free)
            .take(BLOCK_SIZE as usize)
            .map_while(|address| address)
            .find(|address| !taken(*address))
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, AGENT_PORT)))
    }
}

/// The address that the world outside would see: derived from the id, in the range that is reserved for benchmarks.
pub(crate) fn external(id: u64) -> Ipv4Addr {
    Ipv4Addr::from(u32::from_be_bytes([198, 18, 0, 0]) + (id % (1 << 17)) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_emulators_of_one_seed_take_two_blocks() {
        let (mut a, mut b) = (Addresses::new(200), Addresses::new(200));
        let (_first, _second) = (a.claim().unwrap(), b.claim().unwrap());
        assert_ne!(a.block, b.block);
    }

    #[test]
    fn falls_through_to_the_next_address() {
        let mut addresses = Addresses::new(201);
        let _lock = addresses.claim();
        let first = addresses.allocate(|_| false);
        let mut again = Addresses { next: 0, ..addresses.clone() };
        let _busy = TcpListener::bind(first).unwrap();
        assert_ne!(again.allocate(|_| false), first);
    }

    #[test]
    fn agents_that_share_an_address_have_a_port_each() {
        let mut addresses = Addresses::new(202);
        addresses.share();
        let first = addresses.allocate(|_| false);
        let second = addresses.allocate(|address| address == first);
        assert!(first.ip() == Ipv4Addr::LOCALHOST && second.ip() == Ipv4Addr::LOCALHOST);
        assert!(first.port() != second.port() && first.port() != AGENT_PORT && second.port() != AGENT_PORT);
    }
}
