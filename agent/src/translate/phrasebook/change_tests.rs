//! What people say when they change something, tool by tool, in words that its phrases were not written from.

use super::tests::check;

#[test]
fn images_are_changed_by_name_by_version_and_by_container() {
    check(&[
        ("set the ferry image to ferry:2.0", "change kubectl set image ferry '*=ferry:2.0'"),
        (
            "please bump the buoy deployment to ghcr.io/harbour/buoy:9",
            "change kubectl set image deployment/buoy '*=ghcr.io/harbour/buoy:9'",
        ),
        ("use crane:1.1 for the crane in mill", "change kubectl set image crane '*=crane:1.1' -n mill"),
        ("roll out ferry:3 to ferry", "change kubectl set image ferry '*=ferry:3'"),
        ("switch the ferry to image pier", "change kubectl set image ferry '*=pier'"),
        ("upgrade ferry to version 1.4.2", "change kubectl set image ferry '*=:1.4.2'"),
        ("change the image tag of ferry to v7", "change kubectl set image ferry '*=:v7'"),
        ("update ferry's image to ferry:5", "change kubectl set image ferry '*=ferry:5'"),
        ("ferry should run ferry:8", "change kubectl set image ferry '*=ferry:8'"),
        (
            "set the image of ferry to lamp:2 in the lantern container",
            "change kubectl set image ferry lantern=lamp:2",
        ),
        (
            "kubectl set image deployment/ferry lantern=lamp:2 -n mill",
            "change kubectl set image deployment/ferry '*=lantern=lamp:2' -n mill",
        ),
        ("could you downgrade buoy to buoy:0.9?", "change kubectl set image buoy '*=buoy:0.9'"),
    ]);
}

#[test]
fn variables_are_set_and_removed() {
    check(&[
        ("set TIDE=high on ferry", "change kubectl set env ferry TIDE=high"),
        ("add the env var DOCK=4 to the ferry in mill", "change kubectl set env ferry DOCK=4 -n mill"),
        ("set LOG_LEVEL to debug on ferry", "change kubectl set env ferry LOG_LEVEL=debug"),
        (
            "change LOG_LEVEL of the ferry deployment to warn",
            "change kubectl set env deployment/ferry LOG_LEVEL=warn",
        ),
        ("give ferry an environment variable called LANES with value 3", "not understood"),
        ("add an environment variable LANES with value 3 to ferry", "change kubectl set env ferry LANES=3"),
        ("add environment variable DEBUG with value true to buoy", "change kubectl set env buoy DEBUG=true"),
        ("set A=1 and B=2 on ferry", "change kubectl set env ferry A=1 B=2"),
        ("drop the variable FOG from ferry", "change kubectl set env ferry FOG-"),
        ("unset FOG on the ferry", "change kubectl set env ferry FOG-"),
        ("remove the environment variable FEATURE_FOG from buoy", "change kubectl set env buoy FEATURE_FOG-"),
        ("ferry should have TIDE=low", "change kubectl set env ferry TIDE=low"),
        (
            "set TIDE=high on ferry and buoy",
            "change kubectl set env ferry TIDE=high; change kubectl set env buoy TIDE=high",
        ),
        ("kubectl set env deploy/ferry TIDE=high", "change kubectl set env deployment/ferry TIDE=high"),
    ]);
}

#[test]
fn amounts_are_requests_or_limits_of_cpu_or_memory() {
    check(&[
        (
            "set the memory limit of ferry to 300Mi",
            "change kubectl set resources ferry --limits=memory=300Mi",
        ),
        ("raise ferry's cpu limit to 2 cores", "change kubectl set resources ferry --limits=cpu=2"),
        ("give buoy a 1Gi memory limit", "change kubectl set resources buoy --limits=memory=1Gi"),
        ("give buoy a cpu request of 50m", "change kubectl set resources buoy --requests=cpu=50m"),
        (
            "the memory request of ferry in mill should be 96Mi",
            "change kubectl set resources ferry --requests=memory=96Mi -n mill",
        ),
        ("limit ferry to 200Mi of memory", "change kubectl set resources ferry --limits=memory=200Mi"),
        ("cap the cpu of ferry at 250m", "change kubectl set resources ferry --limits=cpu=250m"),
        (
            "set a cpu request of 100m and a memory limit of 256Mi on ferry",
            "change kubectl set resources ferry --limits=memory=256Mi --requests=cpu=100m",
        ),
        (
            "increase ferry memory: request 64Mi, limit 128Mi",
            "change kubectl set resources ferry --limits=memory=128Mi --requests=memory=64Mi",
        ),
    ]);
}

#[test]
fn labels_and_annotations_go_on_anything() {
    check(&[
        (
            "label the ferry deployment with crew=night",
            "change kubectl label deployment/ferry crew=night --overwrite",
        ),
        (
            "put the label dock=north on service pier",
            "change kubectl label service/pier dock=north --overwrite",
        ),
        ("tag node lake-1 with disk=ssd", "change kubectl label node/lake-1 disk=ssd --overwrite"),
        ("set the crew label of ferry to day", "change kubectl label ferry crew=day --overwrite"),
        ("remove the label crew from deployment ferry", "change kubectl label deployment/ferry crew-"),
        ("take the crew label off the ferry", "change kubectl label ferry crew-"),
        ("kubectl label pod buoy-0 crew-", "change kubectl label pod/buoy-0 crew-"),
        (
            "label namespace mill with crew=night",
            "change kubectl label namespace/mill crew=night --overwrite",
        ),
        ("annotate the ferry with owner=harbour", "change kubectl annotate ferry owner=harbour --overwrite"),
        (
            "add the annotation example.com/why='low tide' to service pier",
            "change kubectl annotate service/pier 'example.com/why=low tide' --overwrite",
        ),
        (
            "remove the annotation owner from the ferry deployment",
            "change kubectl annotate deployment/ferry owner-",
        ),
    ]);
}

#[test]
fn rollouts_are_taken_back_paused_and_resumed() {
    check(&[
        ("undo the last rollout of ferry", "change kubectl rollout undo ferry"),
        ("undo the latest buoy rollout", "change kubectl rollout undo buoy"),
        ("roll the ferry deployment back", "change kubectl rollout undo deployment/ferry"),
        ("roll ferry back to revision 4", "change kubectl rollout undo ferry --to-revision=4"),
        ("revert ferry in mill to the previous version", "change kubectl rollout undo ferry -n mill"),
        ("go back to revision two of the ferry", "change kubectl rollout undo ferry --to-revision=2"),
        (
            "kubectl rollout undo deploy/ferry --to-revision=3",
            "change kubectl rollout undo deployment/ferry --to-revision=3",
        ),
        ("pause the ferry rollout", "change kubectl rollout pause ferry"),
        ("hold all rollouts of the ferry deployment", "change kubectl rollout pause deployment/ferry"),
        ("put the rollout of ferry on hold", "change kubectl rollout pause ferry"),
        ("resume the ferry rollout", "change kubectl rollout resume ferry"),
        ("unpause the frozen ferry deployment", "change kubectl rollout resume deployment/ferry"),
        ("let the ferry rollout go on", "change kubectl rollout resume ferry"),
    ]);
}

#[test]
fn nodes_are_closed_and_opened() {
    check(&[
        ("cordon pier-1", "change kubectl cordon pier-1"),
        ("cordon node pier-1", "change kubectl cordon pier-1"),
        ("no more pods on pier-1", "change kubectl cordon pier-1"),
        ("mark pier-1 as unschedulable", "change kubectl cordon pier-1"),
        ("keep new pods off pier-1", "change kubectl cordon pier-1"),
        ("uncordon node pier-1", "change kubectl uncordon pier-1"),
        ("allow pods on pier-1 again", "change kubectl uncordon pier-1"),
        ("put pier-1 back into rotation", "change kubectl uncordon pier-1"),
        ("make pier-1 schedulable again", "change kubectl uncordon pier-1"),
        ("cordon the ferry deployment", "not understood"),
        ("drain pier-1", "destroy kubectl drain pier-1 --ignore-daemonsets"),
        ("drain pier-1 and leave the daemonsets alone", "destroy kubectl drain pier-1 --ignore-daemonsets"),
        ("evacuate node pier-1 so that i can patch it", "destroy kubectl drain pier-1 --ignore-daemonsets"),
        ("move all pods off pier-1", "destroy kubectl drain pier-1 --ignore-daemonsets"),
        (
            "drain pier-1 with force, deleting emptydir data",
            "destroy kubectl drain pier-1 --ignore-daemonsets --delete-emptydir-data --force",
        ),
        (
            "cordon pier-1 and then drain it",
            "change kubectl cordon pier-1; destroy kubectl drain pier-1 --ignore-daemonsets",
        ),
    ]);
}

#[test]
fn autoscalers_and_services_are_put_beside_workloads() {
    check(&[
        (
            "autoscale ferry between 3 and 9 pods at 60% cpu",
            "change kubectl autoscale ferry --min=3 --max=9 --cpu-percent=60",
        ),
        ("add an hpa to ferry min 2 max 4", "change kubectl autoscale ferry --min=2 --max=4"),
        (
            "autoscale the buoy deployment up to 5 replicas",
            "change kubectl autoscale deployment/buoy --max=5",
        ),
        (
            "create an autoscaler for ferry with at least 2 and at most 8 replicas when cpu is above 70 percent",
            "change kubectl autoscale ferry --min=2 --max=8 --cpu-percent=70",
        ),
        ("turn on autoscaling for ferry", "question"),
        ("expose ferry on port 8080", "change kubectl expose ferry --port=8080"),
        (
            "expose the ferry deployment at port 80 with target port 8000",
            "change kubectl expose deployment/ferry --port=80 --target-port=8000",
        ),
        (
            "make a nodeport service for ferry on port 3000",
            "change kubectl expose ferry --port=3000 --type=NodePort",
        ),
        (
            "expose ferry on port 80 as a load balancer",
            "change kubectl expose ferry --port=80 --type=LoadBalancer",
        ),
        ("expose ferry on port 80 named pier", "change kubectl expose ferry --port=80 --name=pier"),
        ("expose ferry", "question"),
    ]);
}

#[test]
fn fields_are_set_by_their_names() {
    check(&[
        (
            "set minReadySeconds of ferry to 5",
            "change kubectl patch ferry --type=merge -p '{\"minReadySeconds\":5}'",
        ),
        (
            "change spec.revisionHistoryLimit of the ferry deployment to 3",
            "change kubectl patch deployment/ferry --type=merge -p '{\"spec\":{\"revisionHistoryLimit\":3}}'",
        ),
        (
            "change the schedule of the sweep cronjob to every six hours",
            "change kubectl patch cronjob/sweep --type=merge -p '{\"spec\":{\"schedule\":\"every six hours\"}}'",
        ),
        (
            "suspend the sweep cronjob",
            "change kubectl patch cronjob/sweep --type=merge -p '{\"spec\":{\"suspend\":true}}'",
        ),
        (
            "raise the maximum of the ferry autoscaler to 12",
            "change kubectl patch horizontalpodautoscaler/ferry --type=merge -p '{\"spec\":{\"maxReplicas\":12}}'",
        ),
        (
            "change the type of service pier to NodePort",
            "change kubectl patch service/pier --type=merge -p '{\"spec\":{\"type\":\"NodePort\"}}'",
        ),
    ]);
}

#[test]
fn replicas_are_counted_from_what_there_is() {
    check(&[
        ("double the ferry", "change kubectl scale ferry --replicas=x2"),
        ("double the ferry replicas", "change kubectl scale ferry --replicas=x2"),
        ("triple the number of pods of buoy", "change kubectl scale buoy --replicas=x3"),
        ("halve the replicas of ferry in mill", "change kubectl scale ferry --replicas=/2 -n mill"),
        ("scale ferry up by 50%", "change kubectl scale ferry --replicas=+50%"),
        (
            "increase the ferry deployment by 100 percent",
            "change kubectl scale deployment/ferry --replicas=+100%",
        ),
        ("add two more replicas to ferry", "change kubectl scale ferry --replicas=+2"),
        ("give ferry three more pods", "change kubectl scale ferry --replicas=+3"),
        ("add another pod to ferry", "change kubectl scale ferry --replicas=+1"),
        ("scale ferry down by 1", "destroy kubectl scale ferry --replicas=-1"),
        ("two more ferry pods", "change kubectl scale ferry --replicas=+2"),
        ("reduce ferry by 25%", "change kubectl scale ferry --replicas=-25%"),
    ]);
}

#[test]
fn manifests_are_written_from_words() {
    check(&[
        (
            "write me a deployment yaml for lamp using image lamp:7",
            "change kubectl create deployment lamp --image=lamp:7 --dry-run=client -o yaml > lamp-deployment.yaml",
        ),
        (
            "generate a deployment manifest called lamp with image lamp:7, 3 replicas and port 80 in mill",
            "change kubectl create deployment lamp --image=lamp:7 --replicas=3 --port=80 -n mill --dry-run=client -o yaml > lamp-deployment.yaml",
        ),
        (
            "create a yaml for a service called lamp on port 6379, don't apply it",
            "change kubectl create service clusterip lamp --tcp=6379 --dry-run=client -o yaml > lamp-service.yaml",
        ),
        (
            "write a cronjob manifest for sweep using image broom:1 that runs every 15 minutes",
            "change kubectl create cronjob sweep --image=broom:1 '--schedule=every 15 minutes' --dry-run=client -o yaml > sweep-cronjob.yaml",
        ),
        (
            "draft a configmap yaml called soundings with depth=4 and save it to k8s/soundings.yaml",
            "change kubectl create configmap soundings --from-literal=depth=4 --dry-run=client -o yaml > k8s/soundings.yaml",
        ),
    ]);
    let book = super::Phrasebook::new();
    let policy =
        super::tests::understood(&book, "make a network policy that blocks all incoming traffic in mill");
    assert!(policy.starts_with("change printf %s 'apiVersion: networking.k8s.io/v1"), "{policy}");
    assert!(policy.contains("namespace: mill") && policy.contains("- Ingress"), "{policy}");
}

#[test]
fn verbs_of_everyday_life_are_about_no_node_and_no_rollout() {
    check(&[
        ("clear the table", "not understood"),
        ("empty the bin", "not understood"),
        ("open the door", "not understood"),
        ("resume my work", "not understood"),
        ("mark my words", "not understood"),
        ("put the kettle on", "not understood"),
        ("set the mood", "not understood"),
        ("use the force", "not understood"),
        ("empty pier-1 so we can reboot it", "destroy kubectl drain pier-1 --ignore-daemonsets"),
        ("clear node pier-1", "destroy kubectl drain pier-1 --ignore-daemonsets"),
        ("continue the paused ferry", "change kubectl rollout resume ferry"),
        ("drain all nodes", "question"),
        ("label everything with a=b", "question"),
    ]);
}

#[test]
fn what_something_was_is_no_place() {
    check(&[
        ("change HARBOUR on ferry from mill to lake", "change kubectl set env ferry HARBOUR=lake"),
        ("scale ferry from 2 to 5", "change kubectl scale ferry --replicas=5"),
        ("change the image of ferry from ferry:1 to ferry:2", "change kubectl set image ferry '*=ferry:2'"),
        (
            "raise the memory limit of ferry from 64Mi to 128Mi",
            "change kubectl set resources ferry --limits=memory=128Mi",
        ),
        (
            "change the pull policy of ferry from Always to Never",
            "change kubectl patch ferry --type=merge -p '{\"imagePullPolicy\":\"Never\"}'",
        ),
    ]);
}
