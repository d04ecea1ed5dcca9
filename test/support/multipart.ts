/** A POST body with an artifact and an image, as browsers and Python's requests send it. */
export async function multipartBody(
  artifact: unknown,
  image: Uint8Array<ArrayBuffer> | null,
): Promise<{ contentType: string; body: ArrayBuffer }> {
  const form = new FormData();
  form.set('artifact', JSON.stringify(artifact));
  if (image !== null) form.set('image', new Blob([image], { type: 'text/plain' }), 'chart.txt');
  const request = new Request('http://localhost/', { method: 'POST', body: form });
  return {
    contentType: request.headers.get('content-type') ?? '',
    body: await request.arrayBuffer(),
  };
}
