{{- define "hadal.fullname" -}}
{{- if contains "hadal" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-hadal" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels of a part: (list . "gateway") */}}
{{- define "hadal.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: hadal
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "hadal.labels" -}}
{{- $root := index . 0 -}}
{{ include "hadal.selector" . }}
app.kubernetes.io/part-of: hadal
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end -}}

{{- define "hadal.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "hadal.models" -}}
{{ .Values.model.claim | default (printf "%s-models" (include "hadal.fullname" .)) }}
{{- end -}}

{{/* What the configuration of gateways and engines has in common. */}}
{{- define "hadal.config" -}}
listen:
  host: 0.0.0.0
  port: 8080
limits:
  drain_seconds: {{ .Values.drainSeconds }}
platform:
  enabled: true
  shared: true
  data: /var/lib/hadal
  database:
    url: {{ .Values.database.url | quote }}
    user: {{ .Values.database.user | quote }}
    password: file:/etc/hadal/secrets/database-password
  pepper: file:/etc/hadal/secrets/pepper
  master_key: file:/etc/hadal/secrets/master.key
  audit_key: /etc/hadal/secrets/audit.key
{{- end -}}

{{- define "hadal.gatewayConfig" -}}
{{- $root := . -}}
{{- $config := include "hadal.config" . | fromYaml -}}
{{- $_ := set $config "model" (dict "local" false) -}}
{{- if .Values.pools -}}
{{- $name := .Values.model.name -}}
{{- $upstreams := list -}}
{{- $names := ternary (list "engines") (list) .Values.engine.enabled -}}
{{- range $pool := .Values.pools -}}
{{- $service := printf "%s-%s" (include "hadal.fullname" $root) $pool.name -}}
{{- range $i := until (int $pool.replicas) -}}
{{- $one := printf "%s-%d" $pool.name $i -}}
{{- $names = append $names $one -}}
{{- $upstreams = append $upstreams (dict
    "name" $one
    "url" (printf "http://%s-%d.%s:8000/v1" $service $i $service)
    "keys" (list (printf "file:/etc/hadal/secrets/%s" $pool.secretKey))
    "models" (dict $name $name)
    "speaks" (list "chat" "completions" "embeddings")
    "zdr" (default false $pool.zdr)) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $config "upstreams" $upstreams -}}
{{- $_ := set $config "routes" (list (dict "model" $name "strategy" "affinity" "upstreams" $names)) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $config .Values.gateway.config) -}}
{{- end -}}

{{- define "hadal.engineConfig" -}}
{{- $config := include "hadal.config" . | fromYaml -}}
{{- $_ := set $config "model" (dict "path" .Values.model.path "name" .Values.model.name) -}}
{{- $_ := set $config "cache" (dict "folder" "/var/lib/hadal/prefixes" "disk_bytes" (int64 .Values.engine.cacheBytes)) -}}
{{- toYaml (mergeOverwrite $config .Values.engine.config) -}}
{{- end -}}

{{/* A pod of Hadal: (dict "root" . "part" "gateway" "values" .Values.gateway) */}}
{{- define "hadal.pod" -}}
{{- $root := .root -}}
{{- $engine := eq .part "engine" -}}
serviceAccountName: {{ include "hadal.fullname" $root }}
automountServiceAccountToken: false
# Longer than limits.drain_seconds: running answers may finish.
terminationGracePeriodSeconds: {{ add $root.Values.drainSeconds 30 }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "hadal.selector" (list $root .part) | nindent 8 }}
containers:
  - name: hadal
    image: {{ include "hadal.image" $root | quote }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    args:
      - serve
      - --config=/etc/hadal/config/{{ .part }}.yaml
      - --node=$(POD_NAME)
      {{- if $engine }}
      - --engine=http://$(POD_NAME).{{ include "hadal.fullname" $root }}-engine:8080
      {{- end }}
    env:
      - name: POD_NAME
        valueFrom:
          fieldRef: {fieldPath: metadata.name}
    ports:
      - name: http
        containerPort: 8080
    startupProbe:
      httpGet: {path: /healthz, port: http}
      {{- if $engine }}
      # Reading weights from a network volume may take half an hour.
      periodSeconds: 5
      failureThreshold: 360
      {{- else }}
      periodSeconds: 1
      failureThreshold: 60
      {{- end }}
    livenessProbe:
      httpGet: {path: /healthz, port: http}
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    readinessProbe:
      httpGet: {path: /readyz, port: http}
      periodSeconds: 2
      timeoutSeconds: 2
      failureThreshold: 2
    {{- if not $engine }}
    lifecycle:
      preStop:
        # Time for load balancers to look elsewhere before new requests are refused.
        sleep: {seconds: 5}
    {{- end }}
    resources:
      {{- toYaml .values.resources | nindent 6 }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
    volumeMounts:
      - {name: data, mountPath: /var/lib/hadal}
      {{- if $engine }}
      - {name: models, mountPath: /models, readOnly: true}
      {{- end }}
      - {name: config, mountPath: /etc/hadal/config, readOnly: true}
      - {name: secrets, mountPath: /etc/hadal/secrets, readOnly: true}
      - {name: tmp, mountPath: /tmp}
volumes:
  {{- if $engine }}
  - name: models
    persistentVolumeClaim: {claimName: {{ include "hadal.models" $root }}, readOnly: true}
  {{- end }}
  - name: config
    configMap: {name: {{ include "hadal.fullname" $root }}-config}
  - name: secrets
    secret: {secretName: {{ $root.Values.secret }}, defaultMode: 288}
  - name: tmp
    emptyDir: {sizeLimit: 1Gi}
{{- end -}}

{{/* The claim of a pod's own volume. */}}
{{- define "hadal.data" -}}
- metadata:
    name: data
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .storageClass }}
    storageClassName: {{ . | quote }}
    {{- end }}
    resources:
      requests: {storage: {{ .storage }}}
{{- end -}}
