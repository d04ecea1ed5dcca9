import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'drizzle-orm';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { guarded, sqlStateOf } from '../../../src/storage/database-errors.ts';
import { createDatabase } from '../../../src/storage/database.ts';

const SECRET = 'a-parameter-nobody-may-see';
const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/sql`;
}

/**
 * The error of one statement that carries a secret parameter, sent to an endpoint that behaves like
 * this.
 */
async function failureAt(httpEndpoint: string, deadlineMs = 5_000): Promise<AppError> {
  const database = createDatabase({
    databaseUrl: `postgresql://u:${SECRET}@db.test/d`,
    httpEndpoint,
    deadlineMs,
  });
  const outcome = await guarded('test.ask', () => database.execute(sql`select ${SECRET}`)).catch(
    (e: unknown) => e,
  );
  if (!(outcome instanceof AppError)) throw new TypeError('an AppError was expected');
  return outcome;
}

const answering =
  (status: number, body: string): RequestListener =>
  (request, response) => {
    request.resume().on('end', () => response.writeHead(status).end(body));
  };
const sqlError = (code: string) =>
  answering(
    400,
    JSON.stringify({ code, message: `value ${SECRET}`, detail: `Key (x)=(${SECRET})` }),
  );

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('database errors', () => {
  it.each([
    ['08006', 'database_unavailable'],
    ['53300', 'database_unavailable'],
    ['53100', 'database_unavailable'],
    ['57P01', 'database_unavailable'],
    ['40001', 'database_unavailable'],
    ['22001', 'invalid_input'],
    ['22P02', 'invalid_input'],
    ['23505', 'invalid_input'],
    ['42601', 'database_answered_wrongly'],
    ['42P01', 'database_answered_wrongly'],
    ['28P01', 'database_answered_wrongly'],
  ])('SQLSTATE %s is %s, and stays known', async (state, code) => {
    const error = await failureAt(await serve(sqlError(state)));
    expect([error.code, sqlStateOf(error)]).toEqual([code, state]);
  });

  it.each([
    ['HTTP 500', answering(500, SECRET), 'database_unavailable'],
    ['HTTP 503', answering(503, SECRET), 'database_unavailable'],
    ['HTTP 429', answering(429, SECRET), 'database_unavailable'],
    ['HTTP 404', answering(404, SECRET), 'database_answered_wrongly'],
    ['an answer that is no JSON', answering(200, `<html>${SECRET}`), 'database_answered_wrongly'],
  ])('%s', async (_, listener, code) => {
    expect((await failureAt(await serve(listener))).code).toBe(code);
  });

  it('never follows a redirect, which would take the password elsewhere', async () => {
    let reached = 0;
    const elsewhere = await serve((_, response) => {
      reached += 1;
      response.end('{}');
    });
    const url = await serve((_, response) =>
      response.writeHead(307, { location: elsewhere }).end(),
    );
    expect((await failureAt(url)).code).toBe('database_answered_wrongly');
    expect(reached).toBe(0);
  });

  it('ends at the deadline when nothing is answered, and when the answer stops in the middle', async () => {
    const silent = await failureAt(await serve(() => {}), 150);
    const halting = await failureAt(
      await serve((_, response) => response.writeHead(200).write('{"rows":')),
      150,
    );
    expect([silent.code, halting.code]).toEqual(['database_unavailable', 'database_unavailable']);
    expect(silent.message).toContain('150 ms');
  });

  it('is unavailable, with Retry-After, when nobody listens', async () => {
    const url = await serve(() => {});
    servers[0]?.close();
    const error = await failureAt(url);
    expect([error.code, error.retryAfterSeconds]).toEqual(['database_unavailable', 5]);
  });

  it('keeps parameters, values and the password out of everything that could be logged', async () => {
    for (const listener of [
      sqlError('23505'),
      sqlError('22001'),
      sqlError('42601'),
      answering(500, SECRET),
    ]) {
      const error = await failureAt(await serve(listener));
      const seen: string[] = [];
      for (let link: unknown = error; link instanceof Error; link = link.cause) {
        seen.push(link.message, link.stack ?? '', JSON.stringify(link));
      }
      expect(seen.join('\n')).not.toContain(SECRET);
    }
  });

  it('keeps two databases apart, though the driver is configured for all at once', async () => {
    const rows = (name: string) =>
      answering(
        200,
        JSON.stringify({
          command: 'SELECT',
          rowCount: 1,
          fields: [{ name: 'v', dataTypeID: 25 }],
          rows: [[name]],
        }),
      );
    const open = async (name: string) =>
      createDatabase({
        databaseUrl: 'postgresql://u:p@db.test/d',
        httpEndpoint: await serve(rows(name)),
      });
    const [a, b] = [await open('a'), await open('b')];
    const results = await Promise.all([a.execute(sql`select 1`), b.execute(sql`select 1`)]);
    expect(results.map(({ rows }) => Object.values(rows[0] ?? {}))).toEqual([['a'], ['b']]);
  });
});
