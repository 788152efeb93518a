//! The words that are no tool's own: classes that patterns refer to, filler, and what can never be a name.
//!
//! Phrases here are written in the language of `docs/phrases.md`. Words that carry meaning shipmate may not
//! have a tool for yet (`drain`, `label`, `rollback`) are listed too: a verb that nobody takes must leave a
//! request not understood, and must never be swallowed as the name of something.

/// Classes, by the name that patterns use.
pub(in crate::translate) const CLASSES: &[(&str, &str)] = &[
    (
        "show",
        "(show [me|us]|gimme|list [out]|get [me]|give me|display|print [out]|view|fetch|find|output|enumerate|see|pull up|look up|\
         look at|have a look at|take a look at|let (me|us) see|(can|could|may) (i|we) (see|get|have)|\
         (want|like|need) to (see|know|have)|tell me [about]|bring me|what (is|are)|what about|which|what|\
         any|(is|are) there [any]|do (we|i|you) have [any]|have (we|i) got|check|how many|all [of] [the]|inspect|dump|where (is|are))",
    ),
    (
        "delete",
        "(delete|remove|get rid of|kill [off]|destroy|drop|wipe [out]|terminate|nuke|erase|throw away|trash|\
         tear down|purge|zap|eliminate|del)",
    ),
    ("restart", "(restart|bounce|reboot|recycle|(do|perform) a [rolling] restart of)"),
    ("check", "(check|analyze|analyse|review|inspect|examine|look at|look over|audit|lint|validate|verify)"),
    ("of", "(of|for|from|in|on|about|by)"),
];

/// What may stand anywhere without changing what is meant.
pub(super) const FILLER: &[&str] = &[
    "(please|pls|plz|kindly|thanks|thx|ta|cheers)",
    "thank you [so much|very much]",
    "thanks a lot",
    "(hey|hi|hello|yo) [there]",
    "(shipmate|mate|bot)",
    "(ok|okay|so|well|um|uh|er|hmm|alright|right)",
    "(just|now|simply|quickly|quick|immediately|asap|actually|really)",
    "right (now|away)",
    "at (once|the moment)",
    "(for|to) (me|us)",
    "(me|my|our|the|a|an|this|these|those|teh|hte)",
    "(i|we) [really|just] (want|need|would like|wanted) [you] to",
    "(i|we) would like",
    "(i|we)",
    "(could|can|would|will) you [please|kindly|just|maybe]",
    "would you mind",
    "(could|can) we",
    "go ahead and",
    "let us",
    "help me [to]",
    "if (you can|you could|possible|you do not mind)",
    "when you (can|get a chance|have time|have a minute)",
    "be so kind [as|and] [to]",
    "feel free to",
    "do me a favor and",
    "it is time to",
    "time to",
    "(also|too)",
    "as well",
    "from now on",
    "for now",
];

/// What may stand in a question or a look without changing what is meant; a change has to spell it out.
pub(super) const READ_FILLER: &[&str] = &[
    "(all|any|some|every|each) [of]",
    "(show|tell|give) (me|us)",
    "[that|which] (i|we|you) (have|got|run|use|own) [got]",
    "(do|did) (i|we|you) have",
    "[that] (is|are) (there|currently|right)",
    "there (is|are)",
    "(is|are|am|was|were|does|do|has|have|had|been|being)",
    "(currently|exactly|only|available|existing|there|here|out|up|together|quickly)",
    "[that] (exist|exists|existing)",
    "list of",
    "of (mine|ours|them)",
    "[so] i can (see|look|check) [it|them]",
    "can you (tell|see|check) [me|us] [if|whether]",
    "i (wonder|am wondering) [if|whether]",
    "let (me|us) know [if|whether|about]",
    "tell (me|us) [if|whether|about]",
    "(can|could|may) (i|we) (see|get|have)",
    "in (total|detail|details|short|brief)",
    "out there",
    "by chance",
];

/// Wishes to be told how a change went. Every change is verified and reported, so they ask for nothing more.
pub(super) const WISHES: &[&str] = &[
    "[and|then|and then] (let me know|tell me|notify me|ping me|report [back]|inform me|say) (when|once|if|as soon as|after|how|whether) \
     (it|they|everything|all|that|this|the pods|the rollout|the deployment) [all] [is|are|has|have|goes|went|comes] \
     [all] [been] [up|ready|done|finished|complete|completed|healthy|running|back|live|over|rolled out|deployed|available|out|well|ok|fine|works|worked] [again|and running]",
    "[and|then|and then] (make sure|ensure|verify|confirm|check) [that] (it|they|everything|all|that|this) [really] \
     [is|are|has|have|comes|come] [all] [back] [up|ready|done|finished|healthy|running|fine|ok|live|worked|works|succeeded] [again|and running]",
    "[and|then|and then] wait (until|till|for) (it|they|them|everything|all|that) [to] [is|are|be|come|has|have] [all] [back] \
     [up|ready|done|finish|finished|healthy|running|complete|available|settle] [again|and running]",
    "[and|then|and then] (report back|let me know|keep me posted|tell me)",
];

/// A condition on the step before: a plan stops at the first step that fails, so it asks for nothing more.
pub(super) const CONDITIONS: &[&str] = &[
    "[and] (if|when|once|after|as soon as) (it|that|this|they|everything|all|all of it|all of that) (is|are|looks|look|has|have|works|work|passes|pass|succeeds|succeed|goes|went|finishes|finish) \
     [all] [fine|ok|okay|good|green|clean|well|done|ready|up|healthy|finished|through|complete|succeeded|passed|worked] [through]",
    "[and] if so",
];

/// What joins two steps.
pub(super) const CONNECTORS: &[&str] = &[
    "and [then|also|afterwards|finally|after that]",
    "then",
    "after that",
    "afterwards",
    "followed by",
    "and once (done|finished|ready)",
    "as well as",
];

/// Where: the namespace that is named, all of them, or the one we are in.
pub(super) const SCOPES: &[&str] = &[
    "(in|from|of|for|within|inside|on|into|to|at|across|over|under) [the] (namespace|ns) [called|named] {namespace:namespace}",
    "(in|from|of|for|within|inside|on|into|to|at|across|over|under) [the] {namespace:namespace} (namespace|ns)",
    "(in|from|within|inside|into|over in|inside of) [the] {namespace:place}",
    "[the] (namespace|ns) {namespace:namespace}",
    "[the] {namespace:place} (namespace|ns)",
    "(across|in|from|of|over|for|on|through) (all|every|each|any) [of] [the|my|our] (namespaces|namespace|ns) => all_namespaces=true",
    "(across|over) namespaces => all_namespaces=true",
    "(all|every|each|any) [the] (namespaces|namespace|ns) => all_namespaces=true",
    "(everywhere|anywhere|cluster-wide|clusterwide|cluster wide) => all_namespaces=true",
    "(across|throughout) [the|my|our|this] [whole|entire|complete] cluster => all_namespaces=true",
    "(in|on|of|from|over) [the|my|our|this] (whole|entire|complete) cluster => all_namespaces=true",
    "[the] (whole|entire) cluster => all_namespaces=true",
    "(in|on|of|from|within|inside) [the|my|our|this] [k8s|kubernetes] cluster => all_namespaces=weak",
    "cluster => all_namespaces=weak",
    "[in|from|of|for|within] (this|the|my|our|current|that|the current|same|the same) (namespace|ns) => namespace=here",
    "(in|from) here => namespace=here",
];

/// Words of grammar: never names.
pub(super) const FUNCTION: &str = "a an the this that these those my our your his her their its i we you he she they it us me him them \
    of for from in on at by to into onto with without within inside and or but nor not no yes if when while whenever \
    unless until till because since before after then than as so is are am was were be been being do does did done \
    has have had will would shall should can could may might must ought what which who whom whose where why how \
    all any each every both either neither some many much more most few several less least none nobody nothing \
    something anything everything everyone someone somebody anyone up down off out over under again once here there \
    now just only even also too very really quite rather instead else ever never always often still already yet \
    please let us ok okay hey hi hello thanks oh about around between through during per via against among across \
    like same own such way kind sort bit lot lots    one ones first last next tomorrow tonight later \
    yesterday today soon morning evening afternoon every monday tuesday wednesday thursday friday weekend away back \
    together apart forward both im ive dont cant wont didnt doesnt whether though although however maybe perhaps";

/// Verbs: never names, unless something says that they are ("the test deployment", "called test").
pub(super) const VERBS: &str = "show list get give display print view fetch find output enumerate see pull look tell describe explain \
    read watch follow tail check analyze analyse inspect examine audit review lint validate verify diagnose debug \
    investigate troubleshoot compare diff scale resize restart bounce reboot recycle roll rollback rollout revert undo \
    redo pause resume freeze unfreeze halt continue stop start run launch execute exec attach open close set unset \
    change update upgrade downgrade modify edit patch replace rename add append put make create generate write rewrite \
    build rebuild compile deploy redeploy undeploy release install reinstall uninstall apply reapply delete remove \
    destroy kill drop wipe purge prune clean clear erase terminate nuke zap evict cordon uncordon drain taint untaint \
    expose unexpose port-forward forward  copy move cp mv rm restore  migrate label relabel unlabel annotate \
    tag retag push upload download load import export save scan sign encrypt decrypt encode decode render template \
    autoscale right-size rightsize optimize optimise reduce increase raise lower shrink grow bump double triple halve \
    enable disable turn switch use need want take bring tear spin throw wait test connect reach ping curl wget ssh \
      cat echo grep sed awk ls cd chmod chown sudo ask say know  wish think believe seem happen occur \
    keep hold block allow deny grant revoke rotate renew reset wipe flush sync refresh reload trigger schedule \
    reschedule suspend unsuspend fix repair heal solve suggest recommend propose plan simulate pretend ignore forget \
    remember translate remote rid put cause dump pump buy sell   call commit merge rebase  clone fork do doing \
    go come leave went done gone eat eating consume consuming touch touched touching mind rescale compose explain approve confirm accept reject cancel abort summarize summarise sing play dance email notify";

/// Adjectives: never names of their own, because "the failed pods" names no pod.
pub(super) const ADJECTIVES: &str = "failed failing crashed crashing crashlooping broken stuck pending evicted completed complete unhealthy \
    healthy unused used old older oldest newest newer new latest recent previous current next other another dangling \
    orphaned orphan stale idle empty big bigger biggest large largest small smallest smaller unready ready terminated \
    terminating running stopped dead alive temporary temp whole entire extra full busy busiest slow slowest fast \
    faster hot cold bad wrong good better best worst worse unknown running active inactive exposed open closed \
    available unavailable existing local remote external public private optimized optimised lean slim tiny minimal \
    unscheduled scheduled restarted restarting deleted scaled needed necessary possible desired heavy heaviest hungry \
    hungriest different similar single multiple various own random certain particular specific correct right left \
    free lost missing top respective half double triple rolling graceful gracefully forced safe safely";

/// Nouns of the trade that are parts or properties of objects, or things of other tools: never names.
pub(super) const CONCEPTS: &str = "memory mem ram cpu cpus core cores disk storage space size limit limits request requests resource resources usage \
    utilization utilisation consumption load replica replicas instance instances copy copies count number amount \
    image images container containers port ports label labels annotation annotations env variable variables var vars \
    environment version versions tag tags yaml yml json manifest spec specification definition config configuration \
    setting settings log logs output event events warning warnings error errors alert alerts status state condition \
    conditions health history revision revisions rollout rollouts restart restarts probe probes schedule timeout \
    chart charts release releases helm docker dockerfile dockerfiles compose kubernetes kubectl k8s minikube kind k3d \
    cluster clusters context contexts namespace namespaces  layer layers  volume volumes value values \
    file files folder folders directory directories dir path line lines age time date name names column columns rule \
    rules instruction instructions approval approvals permission permissions access password passwords credential \
    credentials secret secrets token tokens key keys level internet world traffic problem problems issue issues \
    detail details information info summary overview list  advice percent percentage background foreground \
    internals everything production-data addon addons   hook hooks snapshot    weather poem \
    joke song story recipe  total  minute hour day week second month year while moment seconds";

/// Words that name nothing in particular when an article stands before them ("the app").
pub(super) const VAGUE: &str = "app apps application applications stack system thing things stuff workload workloads project product platform \
    site website component components lot rest one ones bunch junk mess environment cluster";

/// Pronouns that stand for an object of an earlier step.
pub(super) const PRONOUNS: &str = "it its them their theirs that this those these one they";

/// Nouns that may follow a name and add nothing to it.
pub(super) const NOUNS_AFTER_NAMES: &str =
    "workload workloads component components microservice microservices";

/// Kinds that people call otherwise than the API server does: words, and the kind's plural resource name.
pub(in crate::translate) const KIND_SYNONYMS: &[(&str, &str)] = &[
    ("autoscaler", "horizontalpodautoscalers"),
    ("autoscalers", "horizontalpodautoscalers"),
    ("volume claim", "persistentvolumeclaims"),
    ("volume claims", "persistentvolumeclaims"),
    ("storage claims", "persistentvolumeclaims"),
    ("disruption budget", "poddisruptionbudgets"),
    ("disruption budgets", "poddisruptionbudgets"),
    ("crons", "cronjobs"),
    ("machines", "nodes"),
    ("worker nodes", "nodes"),
    ("custom resource definition", "customresourcedefinitions"),
    ("custom resource definitions", "customresourcedefinitions"),
    ("horizontal pod autoscaler", "horizontalpodautoscalers"),
    ("horizontal pod autoscalers", "horizontalpodautoscalers"),
];

/// Short names of kinds that mean something else in plain English.
pub(super) const NOT_KINDS_IN_PROSE: &[&str] =
    &["no", "limits", "all", "app", "apps", "job's", "ev", "pc", "sc", "rc"];

/// Folders that people name without saying that they are folders.
pub(super) const FOLDERS: &[&str] = &["manifests", "k8s", "kustomize", "overlays", "deploy", "deployments"];

/// Programs that begin a command line without a word that says so ("ls /tmp in the gateway").
pub(super) const PROGRAMS: &str = "ls cat printenv date whoami id df du uname hostname pwd netstat nslookup dig ping \
    curl wget psql mysql redis-cli mongosh python python3 php ruby java nproc uptime getent";
