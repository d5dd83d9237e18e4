import { throwAwayApi } from "./cluster.ts";
import { fork } from "node:child_process";
const widget = (await import("./widgets.ts")).widgets;
if (process.argv[2] === "client") {
  const https = await import("node:https");
  const { url, ca, token } = JSON.parse(process.env.API!);
  const agent = new https.Agent({ keepAlive: true, maxSockets: 16, ca });
  const call = (method: string, path: string, body?: unknown, type = "application/json") =>
    new Promise<[number, Buffer]>((ok, no) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const r = https.request(url + path, { method, agent, headers: { authorization: `Bearer ${token}`, ...(text ? { "content-type": type, "content-length": Buffer.byteLength(text) } : {}) } }, (res) => {
        const c: Buffer[] = []; res.on("data", (d) => c.push(d)); res.on("end", () => ok([res.statusCode!, Buffer.concat(c)]));
      });
      r.on("error", no); r.end(text);
    });
  const base = "/apis/example.com/v1/namespaces/default/widgets";
  const load = async (label: string, n: number, work: (i: number) => Promise<[number, Buffer]>) => {
    let i = 0; const t = performance.now(); let bad = 0; const cpu=process.cpuUsage();
    await Promise.all(Array.from({ length: 16 }, async () => { while (i < n) { const [code] = await work(i++); if (code >= 300) bad++; } }));
    console.log(label, Math.round(n / ((performance.now() - t) / 1000)), "per s, bad", bad, "client cpu us/req", Math.round((process.cpuUsage(cpu).user+process.cpuUsage(cpu).system)/n));
  };
  const pad = "x".repeat(500);
  await call("GET", base);
  for (let round = 0; round < 2; round++) {
  await load("create", 5000, (i) => call("POST", base, { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: `w${round}-${i}`, labels: { a: String(i % 10) } }, spec: { size: i, note: pad } }));
  await load("patch", 5000, (i) => call("PATCH", `${base}/w${round}-${i}`, { spec: { size: i + 1 } }, "application/merge-patch+json"));
  await load("read", 10000, (i) => call("GET", `${base}/w${round}-${i % 5000}`));
  const times: number[] = [];
  for (let k = 0; k < 10; k++) { const t = performance.now(); const [c, b] = await call("GET", base + "?limit=5000"); times.push(Math.round(performance.now() - t)); if (k === 0) console.log("list bytes", b.length, c); }
  console.log("list 5000 ms", times.join(" "));
  }
  // watches
  const { request } = https;
  const lat: number[] = []; const sent = new Map<string, number>();
  const ws: import("node:http").ClientRequest[] = [];
  const agent2 = new https.Agent({ keepAlive: true, ca });
  const rv = JSON.parse((await call("GET", base + "?limit=1"))[1].toString()).metadata.resourceVersion;
  await Promise.all(Array.from({ length: 100 }, () => new Promise<void>((ok) => {
    const r = request(`${url}${base}?watch=1&resourceVersion=${rv}`, { agent: agent2, headers: { authorization: `Bearer ${token}` } }, (res) => {
      let rest = ""; ok();
      res.on("data", (d) => { rest += d; let k; while ((k = rest.indexOf("\n")) >= 0) { const line = rest.slice(0, k); rest = rest.slice(k + 1); const name = /"name":"([^"]*)"/.exec(line)![1]!; lat.push(performance.now() - sent.get(name)!); } });
    }); r.on("error", () => undefined); r.end(); ws.push(r);
  })));
  for (let i = 0; i < 100; i++) { const name = `q${i}`; sent.set(name, performance.now()); await call("POST", base, { apiVersion: "example.com/v1", kind: "Widget", metadata: { name }, spec: { size: i, note: pad } }); await new Promise((r) => setTimeout(r, 20)); }
  lat.sort((a, b) => a - b); console.log("watch deliveries", lat.length, "p50", lat[lat.length >> 1]!.toFixed(1), "p99", lat[Math.floor(lat.length * 0.99)]!.toFixed(1));
  for (const w of ws) w.destroy();
  process.send!("done"); process.exit(0);
} else {
  const t = performance.now();
  const api = await throwAwayApi({ crds: [widget] });
  console.log("start", Math.round(performance.now() - t), "rss", process.memoryUsage().rss >> 20);
  const child = fork(process.argv[1]!, ["client"], { execArgv: process.execArgv, env: { ...process.env, API: JSON.stringify({ url: api.url, ca: api.caPem, token: api.adminToken }) } });
  const c0 = process.cpuUsage();
  child.on("exit", () => { const c = process.cpuUsage(c0); console.log("commits",(globalThis as any).commits,"ms",(globalThis as any).cms,"changes",(globalThis as any).cch); console.log("rss after", process.memoryUsage(), "server cpu s", (c.user + c.system) / 1e6); const r = performance.now(); void api.restart().then(() => { console.log("restart", Math.round(performance.now() - r)); return api.stop(); }); });
}
