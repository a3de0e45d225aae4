/**
 * An npm registry on this machine that knows the packages of one release and takes what is published to it, so that
 * `npm install` and `npm publish` can be rehearsed word by word. It lives as long as the check that started it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

/** @typedef {import('./release-rehearsal.mjs').Tarball} Tarball */
/** @typedef {{ manifest: any, bytes: Buffer }} PublishedPackage */

/**
 * @param {PublishedPackage} published
 * @param {string} url Of the registry.
 */
function packument({ manifest, bytes }, url) {
  const { name, version } = manifest;
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  const tarball = `${url}/${name}/-/${name.replace(/^@[^/]+\//, '')}-${version}.tgz`;
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist: { tarball, integrity } } },
  };
}

/**
 * What `npm publish` sends, read again.
 *
 * @param {Buffer} body
 * @returns {PublishedPackage}
 */
function readPublication(body) {
  const { versions, _attachments: attachments } = JSON.parse(body.toString('utf8'));
  const [manifest] = /** @type {any[]} */ (Object.values(versions));
  const [attachment] = /** @type {any[]} */ (Object.values(attachments));
  return { manifest, bytes: Buffer.from(attachment.data, 'base64') };
}

/**
 * Starts the registry.
 *
 * @param {readonly Tarball[]} tarballs
 * @returns {Promise<{ url: string, published: ReadonlyMap<string, PublishedPackage>, close(): Promise<void> }>}
 */
export async function startRegistry(tarballs) {
  /** @type {Map<string, PublishedPackage>} */
  const published = new Map(
    tarballs.map(({ name, manifest, file }) => [name, { manifest, bytes: readFileSync(file) }]),
  );
  let url = '';
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', url).pathname).slice(1);
    const [name = ''] = path.split('/-/');
    /** @type {Buffer[]} */
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.method === 'PUT') published.set(name, readPublication(Buffer.concat(chunks)));
    const found = published.get(name);
    if (request.method === 'PUT') response.writeHead(201).end('{}');
    else if (found === undefined) response.writeHead(404).end('{}');
    else if (path !== name) response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(found.bytes);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(packument(found, url)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Expected the server to have a port.');
  url = `http://127.0.0.1:${address.port}`;
  const close = () =>
    /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      })
    );
  return { url, published, close };
}
