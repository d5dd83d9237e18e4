{{/*
The sidecar's container, for the chart of a CSI driver that has this one as a dependency:

  containers:
    {{- include "groupsnap.csiSnapshotter" (dict "image" "groupsnap:0.1.0" "volume" "socket" "args" (list "--timeout=2m")) | nindent 4 }}

`volume` is the pod's volume with the driver's socket, csi.sock.
*/}}
{{- define "groupsnap.csiSnapshotter" -}}
- name: csi-snapshotter
  image: {{ required "groupsnap.csiSnapshotter needs the image" .image }}
  args:
    - csi-snapshotter
    - --csi-address=/csi/csi.sock
    {{- range .args }}
    - {{ . | quote }}
    {{- end }}
  volumeMounts:
    - name: {{ required "groupsnap.csiSnapshotter needs the volume with the driver's socket" .volume }}
      mountPath: /csi
  resources:
    requests:
      cpu: 10m
      memory: 96Mi
    limits:
      memory: 512Mi
  securityContext:
    {{- include "groupsnap.containerSecurity" . | nindent 4 }}
{{- end -}}
