{{/* Name for labels. */}}
{{- define "matriarch.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of the operator's objects. The same for every release: there is one operator. */}}
{{- define "matriarch.fullname" -}}
{{- default "matriarch-operator" .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Labels that select the operator's Pods. They can never change. */}}
{{- define "matriarch.selectorLabels" -}}
app.kubernetes.io/name: {{ include "matriarch.name" . }}
app.kubernetes.io/component: operator
{{- end }}

{{/* Labels of every object. */}}
{{- define "matriarch.labels" -}}
{{ include "matriarch.selectorLabels" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "matriarch.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "matriarch.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* A digest names exactly one image and wins over the tag. */}}
{{- define "matriarch.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ required "image.tag is needed when image.digest is empty" .Values.image.tag }}
{{- end -}}
{{- end }}
