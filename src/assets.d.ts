/** wrangler compiles `*.wasm` to a module (rule `CompiledWasm` in wrangler.toml). */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

/** wrangler bundles `*.ttf` as bytes (rule `Data` in wrangler.toml). */
declare module '*.ttf' {
  const bytes: ArrayBuffer;
  export default bytes;
}
