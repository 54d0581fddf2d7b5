{{/* Everything that would be wrong together, said before anything is made. */}}
{{- define "budget.validate" -}}
{{- $v := .Values -}}
{{- $store := default dict $v.config.store -}}
{{- if gt (int $v.replicas) 1 -}}
{{- fail (printf "replicas is %d, but the embedded store has one writer: each replica would have a store, and spend the whole budget, of its own. Set replicas to 1, and give the pod more cpu instead." (int $v.replicas)) -}}
{{- end -}}
{{- if eq (default "embedded" $store.kind) "redis" -}}
{{- fail "config.store.kind is redis, but this version of Budget keeps an embedded store only: leave the key out." -}}
{{- end -}}
{{- range $key := list "listen" "shutdown_timeout" -}}
{{- if hasKey $v.config $key -}}
{{- fail (printf "config.%s is made by the chart: set %s instead." $key (get (dict "listen" "service and tls" "shutdown_timeout" "shutdownTimeoutSeconds") $key)) -}}
{{- end -}}
{{- end -}}
{{- if hasKey $store "path" -}}
{{- fail "config.store.path is made by the chart: set persistence, or sidecar.volume, instead." -}}
{{- end -}}
{{- if hasKey (default dict $v.config.admin) "keys" -}}
{{- fail "config.admin.keys is made by the chart: set admin.existingSecret instead." -}}
{{- end -}}
{{- if and (eq $v.tls.mode "secret") (not $v.tls.secretName) -}}
{{- fail "tls.mode is secret: set tls.secretName to a Secret of type kubernetes.io/tls." -}}
{{- end -}}
{{- if and (eq $v.tls.mode "certManager") (not $v.tls.certManager.issuerRef.name) -}}
{{- fail "tls.mode is certManager: set tls.certManager.issuerRef.name." -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) -}}
{{- fail "httpRoute is enabled: set httpRoute.parentRefs to your Gateway." -}}
{{- end -}}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) -}}
{{- fail "ingress is enabled: set ingress.hosts." -}}
{{- end -}}
{{- if eq $v.mode "sidecar" -}}
{{- range $name, $on := dict "ingress" $v.ingress.enabled "httpRoute" $v.httpRoute.enabled "networkPolicy" $v.networkPolicy.enabled "podDisruptionBudget" $v.podDisruptionBudget.enabled "metrics.serviceMonitor" $v.metrics.serviceMonitor.enabled -}}
{{- if $on -}}
{{- fail (printf "%s.enabled is for mode gateway; a sidecar has no pod or Service of its own." $name) -}}
{{- end -}}
{{- end -}}
{{- if ne $v.tls.mode "none" -}}
{{- fail "tls is for mode gateway; a sidecar listens for calls on the pod's loopback address only." -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The whole configuration, as JSON, which is YAML. Not toYaml, which writes
     1000000 as 1e+06. A sidecar takes calls on loopback only, so that they need
     no key; the kubelet and Prometheus reach its second listener. */}}
{{- define "budget.config" -}}
{{- include "budget.validate" . -}}
{{- $config := deepCopy .Values.config -}}
{{- $llm := dict "address" ":8013" "serve" (list "llm") -}}
{{- $admin := dict "address" ":8014" "serve" (list "admin") -}}
{{- if eq .Values.mode "sidecar" -}}
{{- $_ := set $llm "address" "127.0.0.1:8013" -}}
{{- else if include "budget.tls" . -}}
{{- $tls := dict "certificate" "/etc/budget-tls/tls.crt" "key" "/etc/budget-tls/tls.key" -}}
{{- $_ := set $llm "tls" $tls -}}
{{- $_ := set $admin "tls" $tls -}}
{{- end -}}
{{- $_ := set $config "listen" (list $llm $admin) -}}
{{- $_ := set $config "shutdown_timeout" (printf "%ds" (int .Values.shutdownTimeoutSeconds)) -}}
{{- $_ := set $config "store" (merge (dict "kind" "embedded" "path" "/var/lib/budget/store") (default dict $config.store)) -}}
{{- if .Values.admin.existingSecret -}}
{{- $_ := set $config "admin" (dict "keys" (list (dict "name" "chart" "role" "admin" "key" "${BUDGET_ADMIN_KEY}"))) -}}
{{- end -}}
{{- toPrettyJson $config -}}
{{- end -}}

{{/* What only a restart changes (docs/operations.md). The rest is reloaded
     when the mounted file changes, without a restart. */}}
{{- define "budget.restartChecksum" -}}
{{- $config := include "budget.config" . | fromJson -}}
{{- $limits := pick (default dict $config.limits) "connections" -}}
{{- $store := omit $config.store "on_failure" -}}
{{- pick $config "listen" "workers" "admin" "telemetry" "shutdown_timeout" | merge (dict "limits" $limits "store" $store) | toJson | sha256sum -}}
{{- end -}}
