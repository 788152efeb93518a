//! Names from the live cluster, for completion: asked for when needed, kept for seconds, and never waited for
//! longer than a person at the keyboard would notice.
//!
//! The editor's thread asks; the session's thread, idle while a line is typed, does the reading. Whatever has
//! not arrived in time is offered at the next Tab.

use shipmate_tools::ReadWorld;
use shipmate_tools::kubernetes::{KindIndex, ResourceType};
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How long the editor waits for names; longer would be felt as a stuck key.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long names are offered without another look.
const FRESH: Duration = Duration::from_secs(5);

/// How long kinds are; they change when something is installed.
const KINDS_FRESH: Duration = Duration::from_secs(300);

/// Something to know names of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Topic {
    Kinds,
    Namespaces,
    /// Objects of the kind with this plural and group, in this namespace or in all of them.
    Objects {
        plural: String,
        group: String,
        namespace: Option<String>,
    },
}

#[derive(Debug, Default)]
struct Entry {
    names: Vec<String>,
    /// When it was last looked at, whether that succeeded or not.
    read: Option<Instant>,
    asking: bool,
}

#[derive(Default)]
struct State {
    entries: HashMap<Topic, Entry>,
    kinds: Option<Arc<KindIndex>>,
    namespace: Option<String>,
    /// Which world the entries are of; what an earlier one still answers is dropped.
    world: u64,
}

/// Names from the live cluster.
pub(super) struct Names {
    runtime: Handle,
    world: RwLock<ReadWorld>,
    state: Mutex<State>,
    arrived: Condvar,
}

impl Names {
    /// Names of `world`, read on this thread's runtime.
    pub fn new(world: ReadWorld) -> Arc<Self> {
        Arc::new(Self {
            runtime: Handle::current(),
            world: RwLock::new(world),
            state: Mutex::default(),
            arrived: Condvar::new(),
        })
    }

    /// Forgets everything; from here on names are those of `world`.
    pub fn switch(&self, world: ReadWorld) {
        *self.world.write().unwrap_or_else(PoisonError::into_inner) = world;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { world: state.world + 1, ..State::default() };
    }

    /// Whether these are names of `world`.
    pub fn is_of(&self, world: &ReadWorld) -> bool {
        self.world().options() == world.options()
    }

    /// Says which namespace is meant when none is said.
    pub fn set_namespace(&self, namespace: Option<String>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).namespace = namespace;
    }

    /// Which namespace is meant when none is said.
    pub fn namespace(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).namespace.clone()
    }

    /// The world that names are of.
    pub fn world(&self) -> ReadWorld {
        self.world.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The kinds the cluster knows, else those that every cluster knows.
    pub fn kinds(self: &Arc<Self>, deadline: Instant) -> Arc<KindIndex> {
        self.ask(&[Topic::Kinds], deadline);
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.kinds.clone().unwrap_or_else(|| Arc::new(KindIndex::builtin()))
    }

    /// The namespaces.
    pub fn namespaces(self: &Arc<Self>, deadline: Instant) -> Vec<String> {
        self.known(&[Topic::Namespaces], deadline)
    }

    /// Names of objects of these kinds, in `namespace`, or in all.
    pub fn objects(
        self: &Arc<Self>,
        kinds: &[&ResourceType],
        namespace: Option<&str>,
        deadline: Instant,
    ) -> Vec<String> {
        let topics: Vec<Topic> = kinds
            .iter()
            .map(|kind| Topic::Objects {
                plural: kind.plural.clone(),
                group: kind.group.clone(),
                namespace: namespace.filter(|_| kind.namespaced).map(str::to_owned),
            })
            .collect();
        self.known(&topics, deadline)
    }

    /// Until when one completion may wait, however much it asks for.
    pub fn deadline() -> Instant {
        Instant::now() + PATIENCE
    }

    fn known(self: &Arc<Self>, topics: &[Topic], deadline: Instant) -> Vec<String> {
        self.ask(topics, deadline);
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        topics
            .iter()
            .filter_map(|topic| state.entries.get(topic))
            .flat_map(|entry| entry.names.clone())
            .collect()
    }

    /// Has what is stale read, and waits for it until the deadline.
    fn ask(self: &Arc<Self>, topics: &[Topic], deadline: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for topic in topics {
            let world = state.world;
            let entry = state.entries.entry(topic.clone()).or_default();
            if entry.asking || is_fresh(topic, entry) {
                continue;
            }
            entry.asking = true;
            self.runtime.spawn(Arc::clone(self).read(topic.clone(), world));
        }
        while topics.iter().any(|topic| state.entries.get(topic).is_some_and(|entry| entry.asking)) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    async fn read(self: Arc<Self>, topic: Topic, of_world: u64) {
        let world = self.world();
        let found = look(&topic, &world).await;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.world != of_world {
            return;
        }
        let entry = state.entries.entry(topic).or_default();
        entry.asking = false;
        // A cluster that does not answer is not asked again with every Tab either.
        entry.read = Some(Instant::now());
        match found {
            Some(Found::Names(names)) => entry.names = names,
            Some(Found::Kinds(kinds)) => state.kinds = Some(kinds),
            None => {}
        }
        drop(state);
        self.arrived.notify_all();
    }
}

enum Found {
    Names(Vec<String>),
    Kinds(Arc<KindIndex>),
}

fn is_fresh(topic: &Topic, entry: &Entry) -> bool {
    let fresh = if *topic == Topic::Kinds { KINDS_FRESH } else { FRESH };
    entry.read.is_some_and(|read| read.elapsed() < fresh)
}

/// Looks in the cluster; nothing when it does not answer or does not let this user look.
async fn look(topic: &Topic, world: &ReadWorld) -> Option<Found> {
    let cluster = world.cluster().await.ok()?;
    match topic {
        Topic::Kinds => {
            let found = match cluster.discover_kinds().await {
                Ok(kinds) => kinds,
                Err(_) => cluster.known_kinds(),
            };
            Some(Found::Kinds(found))
        }
        Topic::Namespaces => cluster.namespaces().await.ok()?.map(|names| Found::Names(names.to_vec())),
        Topic::Objects { plural, group, namespace } => {
            let word = if group.is_empty() { plural.clone() } else { format!("{plural}.{group}") };
            let resource = cluster.kind(&word).await.ok()?;
            let found = cluster.identities(&resource, namespace.as_deref()).await.ok()?;
            Some(Found::Names(found.into_iter().map(|object| object.name).collect()))
        }
    }
}
