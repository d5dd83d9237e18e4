import { throwAwayApi } from "./cluster.ts";
import { crds } from "../api/crds.ts";
import { logger } from "../lib/log.ts";
const t = performance.now();
const api = await throwAwayApi({ crds, log: logger({name:"api", level:(process.env.LEVEL as any) ?? "warn"}) });
console.log("started", Math.round(performance.now()-t), api.kubeconfigPath, process.pid, process.memoryUsage().rss>>20);
let r = performance.now(); await api.restart(); console.log("restart ms", performance.now()-r);
process.on("SIGTERM", () => void api.stop());
