{{/*
The names are fixed (todo-frontend, backend-service, …) and not built from the release's, so that
the chart, the plain manifests and whoever asks for "todo-backend" mean the same objects. The price
is one release per namespace.
*/}}

{{/* Where the objects go: see global.namespace in values.yaml. */}}
{{- define "todo-app.namespace" -}}
{{- $namespace := .Values.global.namespace | default "default" -}}
{{- ternary .Release.Namespace $namespace (eq $namespace "default") -}}
{{- end -}}

{{/* Labels of every object. Argument: dict "root" $ "name" NAME "component" COMPONENT. */}}
{{- define "todo-app.labels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/part-of: todo-app
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The labels of one half of the application, "frontend" or "backend". Argument: dict "root" $ "component" COMPONENT. */}}
{{- define "todo-app.componentLabels" -}}
{{ include "todo-app.selector" . }}
tier: {{ .component }}
{{ include "todo-app.labels" (dict "root" .root "name" (printf "todo-%s" .component) "component" .component) }}
{{- end -}}

{{/*
The labels a pod keeps for its lifetime. No version and no chart among them, so that an upgrade
replaces no pod that did not change.
*/}}
{{- define "todo-app.podLabels" -}}
{{ include "todo-app.selector" . }}
tier: {{ .component }}
app.kubernetes.io/name: todo-{{ .component }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/part-of: todo-app
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "todo-app.selector" -}}
app: todo-{{ .component }}
{{- end -}}

{{/* The image of one half. Argument: dict "root" $ "component" COMPONENT. */}}
{{- define "todo-app.image" -}}
{{- $image := (index .root.Values .component).image -}}
{{- with .root.Values.global.imageRegistry }}{{ . }}/{{ end }}{{ $image.repository }}:{{ $image.tag }}
{{- end -}}

{{/* "given" when the three secret values are in the values, else empty. */}}
{{- define "todo-app.secretsGiven" -}}
{{- with .Values.secrets }}{{ if or .databaseUrl .openaiApiKey .betterAuthSecret }}given{{ end }}{{ end -}}
{{- end -}}

{{/* What the ConfigMap and the Secret hold, which is also what the pods' checksums are made of. */}}
{{- define "todo-app.configData" -}}
NEXT_PUBLIC_API_URL: {{ .Values.configMap.apiUrl | quote }}
LOG_LEVEL: {{ .Values.configMap.logLevel | quote }}
NODE_ENV: {{ .Values.configMap.nodeEnv | quote }}
{{- end -}}

{{- define "todo-app.secretData" -}}
DATABASE_URL: {{ .Values.secrets.databaseUrl | quote }}
OPENAI_API_KEY: {{ .Values.secrets.openaiApiKey | quote }}
BETTER_AUTH_SECRET: {{ .Values.secrets.betterAuthSecret | quote }}
{{- end -}}

{{/* The Secret the backend reads. */}}
{{- define "todo-app.secretName" -}}
{{ .Values.secrets.existingSecret | default "todo-secrets" }}
{{- end -}}

{{/* One environment variable from the Secret. Argument: dict "root" $ "key" KEY. */}}
{{- define "todo-app.secretVariable" -}}
- name: {{ .key }}
  valueFrom:
    secretKeyRef:
      name: {{ include "todo-app.secretName" .root }}
      key: {{ .key }}
      {{- if not (or .root.Values.secrets.existingSecret (include "todo-app.secretsGiven" .root)) }}
      optional: true
      {{- end }}
{{- end -}}

{{/*
Stop unless the secrets are given in exactly one complete and well-formed way. No message repeats a
value: what was typed by mistake may well be the secret itself.
*/}}
{{- define "todo-app.checkSecrets" -}}
{{- $secrets := .Values.secrets -}}
{{- $given := include "todo-app.secretsGiven" . -}}
{{- $ways := "Either name a Secret that holds DATABASE_URL, OPENAI_API_KEY and BETTER_AUTH_SECRET (--set secrets.existingSecret=NAME), or give all three of secrets.databaseUrl, secrets.openaiApiKey and secrets.betterAuthSecret, base64-encoded." -}}
{{- if and $given $secrets.existingSecret -}}
{{- fail (printf "secrets.existingSecret and secret values are both given, and only one can be used. %s" $ways) -}}
{{- end -}}
{{- if and $secrets.required (not (or $given $secrets.existingSecret)) -}}
{{- fail (printf "secrets are required and none are given. %s" $ways) -}}
{{- end -}}
{{- if $given -}}
{{- range $name := list "databaseUrl" "openaiApiKey" "betterAuthSecret" -}}
{{- $value := required (printf "secrets.%s is empty while another secret is given. %s" $name $ways) (index $secrets $name) -}}
{{- if not (regexMatch "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$" $value) -}}
{{- fail (printf "secrets.%s is not base64. Encode it first: printf %%s \"$VALUE\" | base64 -w0" $name) -}}
{{- end -}}
{{- if hasSuffix "\n" (b64dec $value) -}}
{{- fail (printf "secrets.%s ends in a line break once decoded, which no password does. Encode it without one: printf %%s \"$VALUE\" | base64 -w0" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
