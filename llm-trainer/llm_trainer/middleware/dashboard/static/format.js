// Numbers, times and states in words.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const count = (n) => (Number.isFinite(n) ? whole.format(n).replaceAll(",", "\u2009") : "–");
export const decimal = (n, digits = 2) => (Number.isFinite(n) ? n.toFixed(digits) : "–");
export const percent = (share) => (Number.isFinite(share) ? `${Math.round(share * 100)}\u2009%` : "–");

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 1) return `${Math.round(seconds * 1000)}\u2009ms`;
  if (seconds < 90) return `${Math.round(seconds)}\u2009s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}\u2009min`;
  const hours = Math.floor(seconds / 3600);
  return hours < 48 ? `${hours}\u2009h ${Math.round((seconds % 3600) / 60)}\u2009min` : `${Math.round(seconds / 86400)} days`;
}

/** Seconds since the epoch, or an ISO time, as a Date; null when it is neither. */
export function time(value) {
  if (value === null || value === undefined || value === "") return null;
  const date = new Date(typeof value === "number" ? (value < 1e11 ? value * 1000 : value) : value);
  return Number.isNaN(date.getTime()) ? null : date;
}

export function clock(value) {
  const date = time(value);
  return date ? date.toLocaleTimeString("en-GB") : "–";
}

export function moment(value) {
  const date = time(value);
  if (!date) return "–";
  const today = date.toDateString() === new Date().toDateString();
  const options = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" };
  return today ? `today ${clock(value)}` : date.toLocaleString("en-GB", options);
}

export function bytes(n) {
  if (!Number.isFinite(n)) return "–";
  if (n < 1000) return `${n} B`;
  return n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`;
}

/** Any value of an answer as readable text. */
export function plain(value) {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : decimal(value, 3);
  if (Array.isArray(value)) return value.map(plain).join(", ") || "none";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** An error of any shape (text, problem document, event) as {what, remedy}. */
export function trouble(error) {
  if (!error) return null;
  if (typeof error === "string") return { what: error, remedy: "" };
  const what = error.detail ?? error.message ?? error.reason ?? error.code ?? JSON.stringify(error);
  return { what: String(what), remedy: String(error.remedy ?? "") };
}

// Asking, drafting, teaching and resting follow each other many times a second: to a person they are one thing.
const PHASES = {
  idle: "No session", unknown: "Unknown", checking: "Checking both ends", retelling: "Telling again what was lost", asking: "Running",
  drafting: "Running", teaching: "Running", resting: "Running", running: "Running", waiting_llm: "Waiting for the teacher",
  waiting_learner: "Waiting for the learner", paused: "Paused", pausing: "Pausing", stopping: "Stopping", ended: "Ended", stopped: "Stopped", interrupted: "Cut off",
};
export const phaseName = (phase) => PHASES[phase] ?? (phase ? phase[0].toUpperCase() + phase.slice(1).replaceAll("_", " ") : "Unknown");
