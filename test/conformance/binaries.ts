/** The folder with kube-apiserver, etcd and kubectl. @throws Error that says how to name it */
export function binaries(): string {
  const folder = process.env.KUBEBUILDER_ASSETS;
  if (!folder) throw new Error("name a folder with kube-apiserver, etcd and kubectl in KUBEBUILDER_ASSETS");
  return folder;
}
