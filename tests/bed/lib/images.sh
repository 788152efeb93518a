# Owns the images that are there from the start. Nothing can be pulled where
# the bed runs, so they are built here once, kept in the cache as one archive,
# and loaded into both Docker and the cluster's containerd, which keep separate
# stores. `load_image` is how an image built later reaches the cluster.
# shellcheck shell=bash

IMAGES_FOLDER=$BED_SOURCE/images
PAUSE_IMAGE=localhost/pause:bed
BUSYBOX_IMAGE=localhost/busybox:bed
# The same image under the names that ordinary Dockerfiles and manifests use.
STAND_IN_IMAGES=(busybox:1.37 busybox:latest)

images_archive() {
    local key
    key=$(cat "$IMAGES_FOLDER"/*/* /usr/bin/busybox "$BED_SOURCE/lib/images.sh" | sha256sum)
    echo "$CACHE_DIR/images-${key:0:12}"
}

# Called with Docker up; leaves images.tar in the folder.
build_images() {
    local folder=$1 work tag
    work=$(mktemp -d) || return 1
    cp -r "$IMAGES_FOLDER"/. "$work" &&
        cc -Os -static -s -o "$work/pause/pause" "$work/pause/pause.c" &&
        mkdir -p "$work/busybox/root"/{bin,sbin,usr/bin,usr/sbin,tmp,root,etc,var,home} &&
        chmod 1777 "$work/busybox/root/tmp" &&
        cp /usr/bin/busybox "$work/busybox/root/bin/busybox" &&
        chroot "$work/busybox/root" /bin/busybox --install -s &&
        printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$work/busybox/root/etc/passwd" &&
        printf 'root:x:0:\nnogroup:x:65534:\n' >"$work/busybox/root/etc/group" &&
        bed_docker build -q -t "$PAUSE_IMAGE" "$work/pause" &&
        bed_docker build -q -t "$BUSYBOX_IMAGE" "$work/busybox" || return 1
    for tag in "${STAND_IN_IMAGES[@]}"; do
        bed_docker tag "$BUSYBOX_IMAGE" "$tag" || return 1
    done
    rm -rf "$work"
    bed_docker save -o "$folder/images.tar" "$PAUSE_IMAGE" "$BUSYBOX_IMAGE" "${STAND_IN_IMAGES[@]}"
}

load_archive() {
    bed_ctr images import "$1/images.tar" && bed_docker load -q -i "$1/images.tar"
}

load_images() {
    local folder
    folder=$(images_archive)
    into_cache "$folder" "built the base images" build_images
    step "loaded the base images into Docker and the cluster" load_archive "$folder" ||
        die "the base images could not be loaded; remove $folder and run 'bed up' again"
}

# What `minikube image load` is elsewhere. Read from a file, since a failure of
# `docker save` in a pipe would look like a broken archive.
load_image() {
    local image archive
    (($# > 0)) || die "say which image: bed load-image IMAGE..."
    archive=$(mktemp)
    for image in "$@"; do
        if ! bed_docker save -o "$archive" "$image"; then
            rm -f "$archive"
            die "$image is not in the bed's Docker; 'docker images' lists what is (after eval \"\$(bed env)\")"
        fi
        step "loaded $image into the cluster" bed_ctr images import "$archive" || { rm -f "$archive"; exit 1; }
    done
    rm -f "$archive"
}
