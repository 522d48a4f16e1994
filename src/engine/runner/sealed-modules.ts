import { registerHooks } from 'node:module';

/**
 * From here on one module can be loaded, the bundle at that URL: `import(name)` would bring back
 * what is closed, clock, randomness, files and network. The bundler sees only names that are spelt
 * out.
 */
export function sealModules(bundle: string | undefined): void {
  registerHooks({
    resolve(specifier, context, next) {
      const asked = URL.parse(specifier, context.parentURL);
      if (asked && asked.href === bundle) return next(specifier, context);
      throw new Error(`import of ${specifier} is closed to processors and models`);
    },
  });
}
