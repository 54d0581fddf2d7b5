{{/* The parts of a pod that gateway, sidecar and test share. */}}

{{- define "budget.env" -}}
{{- if .Values.admin.existingSecret }}
- name: BUDGET_ADMIN_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.admin.existingSecret }}
      key: {{ .Values.admin.secretKey }}
{{- end }}
{{- range $name, $from := .Values.secretEnv }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $from.name }}
      key: {{ $from.key }}
{{- end }}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* Validates the configuration and ends: in an init container, in the test. */}}
{{- define "budget.checkContainer" -}}
- name: budget-check
  image: {{ include "budget.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [check, --config, /etc/budget/budget.yaml]
  {{- with include "budget.env" . | trim }}
  env:
    {{- . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.securityContext | nindent 4 }}
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  volumeMounts:
    {{- include "budget.configMounts" . | nindent 4 }}
{{- end -}}

{{- define "budget.configMounts" -}}
- {name: budget-config, mountPath: /etc/budget, readOnly: true}
{{- if include "budget.tls" . }}
- {name: budget-tls, mountPath: /etc/budget-tls, readOnly: true}
{{- end }}
{{- end -}}

{{- define "budget.configVolumes" -}}
- name: budget-config
  configMap: {name: {{ include "budget.fullname" . }}}
{{- if include "budget.tls" . }}
- name: budget-tls
  secret: {secretName: {{ include "budget.tlsSecret" . }}}
{{- end }}
{{- end -}}

{{- define "budget.serveContainer" -}}
- name: budget
  image: {{ include "budget.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [serve, --config, /etc/budget/budget.yaml]
  {{- if eq .Values.mode "sidecar" }}
  restartPolicy: Always
  {{- end }}
  {{- with include "budget.env" . | trim }}
  env:
    {{- . | nindent 4 }}
  {{- end }}
  ports:
    {{- if eq .Values.mode "gateway" }}
    - {name: llm, containerPort: 8013}
    {{- end }}
    - {name: budget-admin, containerPort: 8014}
  # A start may have a journal to replay.
  startupProbe:
    {{- include "budget.probe" (dict "path" "/ready" "context" .) | nindent 4 }}
    periodSeconds: 1
    failureThreshold: 300
  livenessProbe:
    {{- include "budget.probe" (dict "path" "/health" "context" .) | nindent 4 }}
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    {{- include "budget.probe" (dict "path" "/ready" "context" .) | nindent 4 }}
    periodSeconds: 5
    timeoutSeconds: 3
    failureThreshold: 2
  {{- if eq .Values.mode "gateway" }}
  # Listeners close as soon as the process is told to stop, so let balancers
  # take the pod out first. A sidecar is stopped after the pod's containers.
  lifecycle:
    preStop:
      exec:
        command: [sleep, {{ .Values.preStopSeconds | quote }}]
  {{- end }}
  securityContext:
    {{- toYaml .Values.securityContext | nindent 4 }}
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  volumeMounts:
    {{- include "budget.configMounts" . | nindent 4 }}
    - {name: budget-data, mountPath: /var/lib/budget}
    - {name: budget-tmp, mountPath: /tmp}
{{- end -}}

{{- define "budget.probe" -}}
httpGet:
  path: {{ .path }}
  port: budget-admin
  {{- if include "budget.tls" .context }}
  scheme: HTTPS
  {{- end }}
{{- end -}}
