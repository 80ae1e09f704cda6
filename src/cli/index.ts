/** The commands, and the place where everything is wired. `main.ts` is the program; this door is for those who test it. */
export { type Running, startControlPlane } from './control-plane.js';
export { translated, type Translation } from './translation.js';
