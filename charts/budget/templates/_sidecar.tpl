{{/* For charts that have this one as a dependency with mode: sidecar. In the
     pod spec of the parent's template:

       initContainers:
         {{- include "budget.sidecar.initContainers" .Subcharts.budget | nindent 8 }}
       volumes:
         {{- include "budget.sidecar.volumes" .Subcharts.budget | nindent 8 }}
*/}}
{{- define "budget.sidecar.initContainers" -}}
{{ include "budget.checkContainer" . }}
{{ include "budget.serveContainer" . }}
{{- end -}}

{{- define "budget.sidecar.volumes" -}}
{{ include "budget.configVolumes" . }}
- name: budget-data
  {{- toYaml .Values.sidecar.volume | nindent 2 }}
- name: budget-tmp
  emptyDir: {sizeLimit: 64Mi}
{{- end -}}

{{/* A strategic merge patch for a Deployment, StatefulSet or DaemonSet. */}}
{{- define "budget.sidecar.patch" -}}
spec:
  template:
    metadata:
      labels:
        budget-sidecar: {{ .Release.Name }}
      annotations:
        checksum/budget-restart: {{ include "budget.restartChecksum" . }}
    spec:
      # They come before the pod's own, which may make calls already.
      initContainers:
        {{- include "budget.sidecar.initContainers" . | nindent 8 }}
      volumes:
        {{- include "budget.sidecar.volumes" . | nindent 8 }}
{{- end -}}
