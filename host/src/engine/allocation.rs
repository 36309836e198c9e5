//! Where instances get their memory: mapped for each one, or out of a pool that is set up once.
//!
//! A process that makes one call wants the first: a pool takes longer to set up than a call takes. A process that makes many wants the
//! second: an instance then costs no system call that takes a lock of the whole process. For a component that does not fit the pool
//! memory is mapped on demand, and where nobody asked for a pool also on a machine that has no room for one: that is slower and never
//! wrong.

use super::{machine::Machine, slots::TABLES_A_SLOT};
use crate::limits::MAX_INSTANCES;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

/// What a slot of the pool keeps when its run has ended, so that the next run does not fault it in again. A runner of the size of the
/// built-in ones fits its memory, and a stack is what runners that do not recurse deeply touch. It is zeroed after each run; what a run
/// dirtied beyond is given back to the system.
pub(super) const KEPT: Kept = Kept {
    memory: 2 * 1024 * 1024,
    table: 512 * 1024,
    stack: 32 * 1024,
};
/// How many instances a pool has where nobody says, if the machine has room for them.
const INSTANCES: u32 = 1_000;
/// Mappings of a process that one instance of a pool needs: its memory before, of and behind its data, the rest of its slot, and two stacks
/// with their guards. A test counts them.
pub const MAPPINGS: u64 = 8;
/// Mappings that the rest of the process needs.
const OTHER_MAPPINGS: u64 = 5_000;
/// Elements that a table of the pool has room for: the default of the limit `table-elements`, so that a pool refuses nothing that
/// the default permits.
pub(super) const TABLE_ELEMENTS: u64 = 200_000;
/// Memories and tables of one component in a pool. Python runners have the most of what languages make.
const MEMORIES: u32 = 20;
const TABLES: u32 = 40;
const CORE_INSTANCES: u32 = 100;
/// Host memory for what an instance is besides its memories and tables.
const INSTANCE_SIZE: usize = 16 * 1024 * 1024;

/// Where instances get their memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocation {
    /// Mapped when an instance asks for it: for a process that makes a few calls.
    OnDemand,
    /// Out of a pool where this machine has room for one of the usual size, and else on demand.
    Automatic,
    /// Out of a pool, for a process that makes many; where this machine has no room for it, that is an error.
    Pooling(Pool),
}

/// How large a pool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// How many instances there can be at once; another one waits for its turn. `None`: 1,000, or what the machine has room for.
    pub instances: Option<u32>,
}

/// What an engine allocates by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocated {
    /// How many instances the pool has; `None`: memory is mapped on demand.
    pub instances: Option<u32>,
    /// What the pool keeps resident of what ended runs used; `None` without a pool.
    pub kept: Option<Kept>,
    /// Whether used slots are reset by PAGEMAP_SCAN, which looks for the pages that a run wrote to.
    pub pagemap_scan: bool,
    /// Why there is no pool where [`Allocation::Automatic`] tried one, for the user.
    pub notice: Option<String>,
}

/// How many bytes a pool keeps resident, zeroed, when a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Of each linear memory.
    pub memory: usize,
    /// Of each table.
    pub table: usize,
    /// Of each stack.
    pub stack: usize,
}

/// A pool that was asked for does not fit this machine.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The system permits the process too few mappings.
    #[error(
        "a pool of {instances} instances needs {needed} memory mappings, and this system permits a process {permitted}\n  help: {}, or permit more: sysctl -w vm.max_map_count={needed}",
        less(*fitting)
    )]
    Mappings {
        /// What was asked for.
        instances: u32,
        /// The mappings that it needs.
        needed: u64,
        /// The mappings that there can be.
        permitted: u64,
        /// The instances that those are enough for.
        fitting: u64,
    },
    /// There is no address space for it.
    #[error("a pool of {instances} instances cannot be set up{}: {reason}\n  help: {}", limited(*permitted), more_room(*fitting, *permitted))]
    AddressSpace {
        /// What was asked for, or is usual.
        instances: u32,
        /// The bytes that the process may have (`ulimit -v`); `None` where that is not limited.
        permitted: Option<u64>,
        /// The instances that there is room for now.
        fitting: u32,
        /// What the system says.
        reason: String,
    },
    /// It is not a number of instances.
    #[error("a pool has 1 to {MAX_INSTANCES} instances, and {0} were asked for")]
    Instances(u32),
}

impl Pool {
    /// How many instances there are on `machine`.
    ///
    /// # Errors
    /// So many were asked for that they do not fit.
    pub(super) fn size(self, machine: &Machine) -> Result<u32, PoolError> {
        let room = machine
            .mappings
            .map(|mappings| mappings.saturating_sub(OTHER_MAPPINGS) / MAPPINGS);
        let Some(instances) = self.instances else {
            let room = room.and_then(|room| u32::try_from(room).ok());
            return Ok(room.map_or(INSTANCES, |room| room.clamp(1, INSTANCES)));
        };
        if instances == 0 || instances > MAX_INSTANCES {
            return Err(PoolError::Instances(instances));
        }
        match (room, machine.mappings) {
            (Some(fitting), Some(permitted)) if u64::from(instances) > fitting => {
                Err(PoolError::Mappings {
                    instances,
                    needed: u64::from(instances) * MAPPINGS + OTHER_MAPPINGS,
                    permitted,
                    fitting,
                })
            }
            _ => Ok(instances),
        }
    }
}

impl PoolError {
    /// That `machine` has no room for so many, with the most for which `fits` says that there is room; one is left for what else the
    /// process maps.
    pub(super) fn address_space(
        instances: u32,
        machine: &Machine,
        reason: &impl ToString,
        fits: impl Fn(u32) -> bool,
    ) -> Self {
        let (mut fitting, mut too_many) = (0, instances);
        while too_many - fitting > 1 {
            let between = u32::midpoint(fitting, too_many);
            if fits(between) {
                fitting = between;
            } else {
                too_many = between;
            }
        }
        Self::AddressSpace {
            instances,
            permitted: machine.address_space,
            fitting: fitting.saturating_sub(1),
            reason: reason.to_string(),
        }
    }
}

fn limited(permitted: Option<u64>) -> String {
    permitted.map_or_else(String::new, |bytes| {
        let bytes = bytesize::ByteSize::b(bytes);
        format!(
            " in the {} of address space that this process may have",
            bytes.display().iec()
        )
    })
}

fn less(fitting: u64) -> String {
    match fitting {
        0 => "use `profile: on-demand`".to_owned(),
        fitting => format!("ask for at most {fitting} `instances`"),
    }
}

fn more_room(fitting: u32, permitted: Option<u64>) -> String {
    let less = less(fitting.into());
    let more = match permitted {
        Some(_) => "raise the limit: ulimit -v unlimited",
        None => {
            "have the system or the container permit the process more memory mappings and address space"
        }
    };
    format!("{less}, or {more}")
}

/// Has `config` allocate on demand.
pub(super) fn on_demand(config: &mut Config) {
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
}

/// Has `config` allocate out of a pool of `instances`.
pub(super) fn pooling(config: &mut Config, instances: u32) {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(TABLES_A_SLOT))
        // A runner that streams can have several calls under way.
        .total_stacks(instances.saturating_mul(2))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_memories_per_module(MEMORIES)
        .max_tables_per_module(TABLES)
        .max_component_instance_size(INSTANCE_SIZE)
        .max_core_instance_size(INSTANCE_SIZE)
        .table_elements(usize::try_from(TABLE_ELEMENTS).unwrap_or(usize::MAX))
        .max_memory_size(usize::try_from(4_u64 << 30).unwrap_or(usize::MAX))
        .linear_memory_keep_resident(KEPT.memory)
        .table_keep_resident(KEPT.table)
        .async_stack_keep_resident(KEPT.stack)
        .pagemap_scan(Enabled::Auto);
    config
        // What a run left on its stack is nobody else's, and a deep recursion's pages go back to the system.
        .async_stack_zeroing(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_no_larger_than_the_machine_permits() {
        let machine = |mappings| Machine {
            mappings,
            address_space: None,
        };
        let any = Pool::default();
        assert_eq!(any.size(&machine(None)).unwrap(), INSTANCES);
        assert_eq!(any.size(&machine(Some(65_530))).unwrap(), INSTANCES);
        assert_eq!(any.size(&machine(Some(5_800))).unwrap(), 100);
        assert_eq!(any.size(&machine(Some(0))).unwrap(), 1);
        let many = |instances| Pool {
            instances: Some(instances),
        };
        assert_eq!(many(7_000).size(&machine(Some(65_530))).unwrap(), 7_000);
        let error = many(20_000).size(&machine(Some(65_530))).unwrap_err();
        let told = error.to_string();
        assert!(
            told.contains("at most 7566 `instances`") && told.contains("vm.max_map_count=165000"),
            "{told}"
        );
        let none = many(10).size(&machine(Some(100))).unwrap_err().to_string();
        assert!(none.contains("help: use `profile: on-demand`"), "{none}");
        for wrong in [0, MAX_INSTANCES + 1] {
            assert!(many(wrong).size(&machine(None)).is_err());
        }
    }
    #[test]
    fn a_pool_without_address_space_is_told_with_what_there_is_room_for() {
        let machine = |address_space| Machine {
            mappings: None,
            address_space,
        };
        for room in [0, 1, 2, 7, 99] {
            let fits = |instances| instances <= room;
            let error = PoolError::address_space(100, &machine(Some(64 << 30)), &"no memory", fits);
            let told = error.to_string();
            // One is left for what else there is.
            let help = match room {
                0 | 1 => "use `profile: on-demand`".to_owned(),
                room => format!("ask for at most {} `instances`", room - 1),
            };
            for part in [
                "64.0 GiB of address space",
                "no memory",
                &help,
                "ulimit -v unlimited",
            ] {
                assert!(told.contains(part), "{room}: {told}");
            }
        }
        let told = PoolError::address_space(100, &machine(None), &"no memory", |_| false);
        assert!(!told.to_string().contains("ulimit"), "{told}");
    }
}
