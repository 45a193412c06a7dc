// The middleware's public API; nothing else is ever asked.

/** An answer that is not 2xx, or none at all (status 0). */
export class Problem extends Error {
  constructor(status, { code = "", detail = "", remedy = "", title = "" } = {}) {
    super(detail || title || (status ? `the middleware answered ${status}` : "the middleware does not answer"));
    Object.assign(this, { status, code, remedy });
  }
}

async function call(method, path, body) {
  const options = { method, headers: { Accept: "application/json" }, cache: "no-store" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Problem(0, { remedy: "is it running? start it with: python middleware.py" });
  }
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, document);
  return document;
}

const query = (values) => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
};

export const api = {
  get: (path, values = {}) => call("GET", path + query(values)),
  post: (path, body) => call("POST", path, body),
  put: (path, body) => call("PUT", path, body),
  patch: (path, body) => call("PATCH", path, body),
  remove: (path) => call("DELETE", path),
};
