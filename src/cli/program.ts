import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { ServeFlags } from './commands/serve.js';
import type { BootstrapFlags } from './commands/bootstrap.js';
import type { TranslateFlags } from './commands/translate.js';
import type { PlayFlags } from './commands/play.js';
import type { CheckFlags } from './commands/check.js';
import type { ProxiesFlags } from './commands/proxies.js';
import type { ExitCode } from './exit.js';
import { DEFAULTS, flagOf, SETTING_NAMES, type SettingName } from './setting-names.js';

/** Where help and messages go. What a command was asked for is printed by the command itself. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** The version in package.json, which stands beside `build/` in the repository and in a package. */
function productVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
}

/**
 * All commands with their flags and help. The code of a command is loaded when it is called, so that `--version` and
 * `--help` answer at once. `ended` gets the exit code of the command that ran; help and messages go to `terminal`.
 */
export function createProgram(ended: (code: ExitCode) => void, terminal: Terminal): Command {
  const program = new Command('penstock')
    .description('An Envoy xDS control plane driven by the state of Argo Rollouts.')
    .version(productVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError('(--help tells how to call it)')
    .addHelpText('after', examples('serve --source dir:./manifests', 'check -f ./manifests', 'serve --help'));
  addServe(program, ended);
  addBootstrap(program, ended);
  addTranslate(program, ended);
  addPlay(program, ended);
  addCheck(program, ended);
  addProxies(program, ended);
  return program;
}

/** The end of a help text: what one may type. */
function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ penstock ${line}`).join('\n')}`;
}

/** An option whose default is printed as it is typed, without quotes. */
function option(flags: string, what: string, fallback: string): Option {
  return new Option(flags, what).default(fallback, fallback);
}

/**
 * Flags that a command can not do without, by what they say of themselves. Looked for when commander has refused flags that
 * there are not: its own `requiredOption` comes before that, and would tell `--flie` as a `--file` that is missing.
 */
function demand(command: Command, flags: Readonly<Record<string, string>>): Command {
  const options = Object.entries(flags).map(([names, what]) => new Option(names, what));
  for (const each of options) command.addOption(each);
  return command.hook('preAction', () => {
    const missing = options.find((each) => command.getOptionValue(each.attributeName()) === undefined);
    if (missing !== undefined) command.error(`error: required option '${missing.flags}' not specified`);
  });
}

const SETTINGS_ELSEWHERE = `
Each setting can also stand in the environment (--xds-address as
PENSTOCK_XDS_ADDRESS) or in the file of --config (xdsAddress: HOST:PORT).
A flag wins over the environment, and that over the file.`;

const SETTING_HELP: Readonly<Record<SettingName, readonly [value: string, what: string]>> = {
  source: ['SOURCE', 'where objects are read from: dir:PATH'],
  xdsAddress: ['HOST:PORT', 'where proxies connect'],
  adminAddress: ['HOST:PORT', 'where health, metrics and the JSON API are'],
  scope: ['SCOPE', 'what a proxy is served: lazy is what it calls, full is everything'],
  logFormat: ['FORMAT', 'text or json; logs go to standard error'],
  logLevel: ['LEVEL', 'debug, info, warn, error or silent'],
  drainDelay: ['DURATION', 'how long a cluster stays after its last route went'],
  forgetAfter: ['DURATION', 'how long a service stays in a lazy scope unused, or never'],
};

function addServe(program: Command, ended: (code: ExitCode) => void): void {
  const command = program.command('serve').description('serve Envoy sidecars from the Rollouts in a source');
  const defaults: Readonly<Partial<Record<SettingName, string>>> = DEFAULTS;
  for (const name of SETTING_NAMES) {
    const [value, what] = SETTING_HELP[name];
    const fallback = defaults[name];
    // The default is only told: given to commander, it would look like a flag and win over environment and file.
    command.option(`${flagOf(name)} <${value}>`, fallback === undefined ? what : `${what} (default: ${fallback})`);
  }
  command
    .option('--config <FILE>', 'YAML or JSON with the same settings, see below')
    .addHelpText('after', SETTINGS_ELSEWHERE)
    .addHelpText(
      'after',
      examples(
        'serve --source dir:./manifests',
        'serve --source dir:/etc/penstock/objects --log-format json',
        'serve --config penstock.yaml --xds-address 127.0.0.1:19000',
      ),
    )
    .action(async (flags: ServeFlags) => {
      const { serve } = await import('./commands/serve.js');
      ended(await serve(flags, productVersion()));
    });
}

function addBootstrap(program: Command, ended: (code: ExitCode) => void): void {
  const command = program.command('bootstrap').description("print an Envoy sidecar's bootstrap as YAML");
  demand(command, {
    '--node-id <ID>': 'id of the proxy, unique among all, for example the pod name',
    '--namespace <NAMESPACE>': 'namespace that the sidecar belongs to',
  })
    .option('--workload <NAME>', 'name of the workload (default: the node id)')
    .addOption(option('--xds-address <HOST:PORT>', 'where penstock serves', DEFAULTS.xdsAddress))
    .addOption(option('--outbound-address <HOST:PORT>', 'where the sidecar takes outgoing requests', '127.0.0.1:15001'))
    .addOption(option('--admin-address <HOST:PORT>', "where the sidecar's own admin page is", '127.0.0.1:15000'))
    .addOption(option('--intercept <SHAPE>', 'explicit: applications send to the outbound address', 'explicit'))
    .addOption(option('--scope <SCOPE>', 'lazy: what the sidecar calls; full: everything', 'lazy'))
    .addOption(option('--api <PROTOCOL>', 'delta or sotw (state of the world)', 'delta'))
    .addHelpText(
      'after',
      examples(
        'bootstrap --node-id web-1 --namespace shop > envoy.yaml',
        'bootstrap --node-id web-1 --namespace shop --xds-address 10.0.0.7:18000 --api sotw',
      ),
    )
    .action(async (flags: BootstrapFlags) => {
      const { printBootstrap } = await import('./commands/bootstrap.js');
      ended(printBootstrap(flags));
    });
}

/** What `translate` and `check` look at. */
const OBJECTS = { '-f, --file <FILE_OR_DIR>': 'the objects: a file or a folder of YAML and JSON' };

function addTranslate(program: Command, ended: (code: ExitCode) => void): void {
  const command = program
    .command('translate')
    .description("print what a proxy would be served for some objects, in Envoy's own field names");
  demand(command, OBJECTS)
    .addOption(option('--namespace <NAMESPACE>', 'namespace of the proxy', 'default'))
    .addOption(option('-o, --output <FORMAT>', 'yaml or json', 'yaml'))
    .addHelpText('after', examples('translate -f ./manifests --namespace shop', 'translate -f rollout.yaml -o json'))
    .action(async (flags: TranslateFlags) => {
      const { translate } = await import('./commands/translate.js');
      ended(await translate(flags));
    });
}

function addPlay(program: Command, ended: (code: ExitCode) => void): void {
  const command = program
    .command('play')
    .description('walk a Rollout through its steps by editing the status in its file, as the Argo controller would');
  demand(command, {
    '-f, --file <DIR>': 'folder (or file) that holds the Rollout',
    '--rollout <NAMESPACE/NAME>': 'the Rollout',
  })
    .addOption(option('--step-seconds <SECONDS>', 'how long to stay at each step; 0 does not wait', '5'))
    .addOption(option('--from <STEP>', 'current, or the number of completed steps to start from', 'current'))
    .option('--until <STEP>', 'stop when that many steps are completed')
    .option('--abort-at <STEP>', 'abort when that many steps are completed')
    .option('--to-hash <HASH>', 'first start an update to this pod template hash')
    .addHelpText(
      'after',
      examples(
        'play -f ./manifests --rollout shop/web',
        'play -f ./manifests --rollout shop/web --to-hash 7d9f --step-seconds 10',
        'play -f ./manifests --rollout shop/web --from 0 --abort-at 2 --step-seconds 0',
      ),
    )
    .action(async (flags: PlayFlags) => {
      const { play } = await import('./commands/play.js');
      ended(await play(flags));
    });
}

function addCheck(program: Command, ended: (code: ExitCode) => void): void {
  const command = program
    .command('check')
    .description('find problems in objects before they are served; exit code 79 where there are some');
  demand(command, OBJECTS)
    .addOption(option('-o, --output <FORMAT>', 'text or json', 'text'))
    .addHelpText('after', examples('check -f ./manifests', 'check -f rollout.yaml -o json'))
    .action(async (flags: CheckFlags) => {
      const { check } = await import('./commands/check.js');
      ended(await check(flags));
    });
}

function addProxies(program: Command, ended: (code: ExitCode) => void): void {
  program
    .command('proxies')
    .description('list the proxies that are connected to a running server')
    .option('--server <URL>', 'admin address of the server (env: PENSTOCK_SERVER)')
    .addOption(option('-o, --output <FORMAT>', 'table, wide, json or yaml', 'table'))
    .addHelpText('after', examples('proxies', 'proxies -o wide', 'proxies --server http://127.0.0.1:18080 -o json'))
    .action(async (flags: ProxiesFlags) => {
      const { proxies } = await import('./commands/proxies.js');
      ended(await proxies(flags));
    });
}
