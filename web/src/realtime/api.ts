/** The HTTP API with a bearer token, JSON both ways; its errors are RFC 9457 problems. */
import { Refused } from "./errors.ts";

/** The token to show, asked for anew for each request. */
export type Bearer = () => string | Promise<string>;

/** A form that the storage takes bytes by. */
export interface UploadForm {
  url: string;
  fields: Record<string, string>;
}

/** Calls the API. */
export class Api {
  readonly #root: string;
  readonly #bearer: Bearer;
  readonly #fetch: typeof fetch;

  /** `root` is the API's origin, without a slash at its end. */
  constructor(root: string, bearer: Bearer, fetcher: typeof fetch = (...request) => fetch(...request)) {
    this.#root = root;
    this.#bearer = bearer;
    this.#fetch = fetcher;
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.#ask("GET", path);
  }

  post<Answer>(path: string, body: unknown = {}): Promise<Answer> {
    return this.#ask("POST", path, body);
  }

  put<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.#ask("PUT", path, body);
  }

  delete(path: string): Promise<void> {
    return this.#ask("DELETE", path);
  }

  /** Send bytes to a signed form; it goes to the storage, so it carries no token. */
  async upload(form: UploadForm, bytes: Blob): Promise<void> {
    const body = new FormData();
    for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
    body.append("file", bytes);
    const answer = await this.#reach(form.url, { method: "POST", body });
    if (!answer.ok) throw new Refused(`http-${answer.status}`, "The storage did not take the upload.");
  }

  async #ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = { Authorization: `Bearer ${await this.#bearer()}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const request: RequestInit = { method, headers };
    if (body !== undefined) request.body = JSON.stringify(body);
    const answer = await this.#reach(this.#root + path, request);
    if (!answer.ok) throw await problemOf(answer);
    return (answer.status === 204 ? undefined : await answer.json()) as Answer;
  }

  async #reach(url: string, request: RequestInit): Promise<Response> {
    try {
      return await this.#fetch(url, request);
    } catch (error) {
      throw new Refused("unreachable-server", error instanceof Error ? error.message : undefined);
    }
  }
}

async function problemOf(answer: Response): Promise<Refused> {
  try {
    const problem = (await answer.json()) as { code?: string; detail?: string; title?: string };
    const more = { ...problem, status: answer.status };
    return new Refused(problem.code ?? `http-${answer.status}`, problem.detail ?? problem.title, more);
  } catch {
    return new Refused(`http-${answer.status}`, answer.statusText, { status: answer.status });
  }
}
