// The kills of npm test, fifty of them.
process.env['SEASTATE_KILLS'] ??= '50';
await import('../spine/kill.test.ts');
