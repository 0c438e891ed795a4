/* SPDX-License-Identifier: BSD-2-Clause */
/* The options: their one table, and reading a command line by it. */

#include "core/cli/cli.h"

#include "base/units.h"
#include "core/calibrate/calibrate.h"
#include "core/dispatch/dispatch.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define MEASURING (CX_CMD_RUN | CX_CMD_COMPARE)
#define RUNNING (MEASURING | CX_CMD_VALIDATE)
#define REPORTING (MEASURING | CX_CMD_ANALYZE)
#define TELLING (REPORTING | CX_CMD_VALIDATE | CX_CMD_CALIBRATE | CX_CMD_SWEEP)
#define OPTIONS_MAX 32
#define JOBS_MAX 4096

enum {
	CX_OPT_SCHEDULER = 256,
	CX_OPT_SCHEDULERS,
	CX_OPT_MACHINE,
	CX_OPT_TOPOLOGY,
	CX_OPT_PCPUS,
	CX_OPT_DURATION,
	CX_OPT_BUDGET,
	CX_OPT_SEED,
	CX_OPT_PARAM,
	CX_OPT_COSTS,
	CX_OPT_COST,
	CX_OPT_OUT,
	CX_OPT_OUT_FILE,
	CX_OPT_TRACE,
	CX_OPT_GANTT,
	CX_OPT_EVENTS,
	CX_OPT_WATCHDOG,
	CX_OPT_REALTIME,
	CX_OPT_SHUFFLE,
	CX_OPT_JOBS,
	CX_OPT_POINTS,
	CX_OPT_DRY_RUN,
	CX_OPT_RETRY,
	CX_OPT_VIA,
	CX_OPT_HOSTS,
	CX_OPT_JSON,
	CX_OPT_QUIET,
	CX_OPT_VERBOSE,
	CX_OPT_MAN,
	CX_OPT_COMPLETION,
	CX_OPT_NAMES,
	CX_OPT_HELP
};

const struct cx_cli_option cx_cli_options[] = {
	{ CX_OPT_SCHEDULER, "scheduler", 's', "NAME|PATH.so", CX_CMD_RUN, CX_COMPLETE_SCHEDULER,
	  NULL,
	  "The policy that dispatches: linux (the baseline: the host's own scheduler), an "
	  "installed plug-in's name, or the path of a plug-in, with a slash in it. Default: "
	  "the scenario's, else credit." },
	{ CX_OPT_SCHEDULERS, "schedulers", 's', "LIST", CX_CMD_COMPARE | CX_CMD_VALIDATE,
	  CX_COMPLETE_SCHEDULERS, NULL,
	  "The policies to compare, comma-separated, each as --scheduler of run takes it. "
	  "Default: linux,rr,credit,propshare; without linux in simulation; rr,credit for "
	  "validate." },
	{ CX_OPT_MACHINE, "machine", 'm', "auto|kvm|sim", MEASURING, CX_COMPLETE_CHOICES,
	  "auto kvm sim",
	  "What the VMs run on: kvm is real VMs on /dev/kvm; sim, a simulated machine in virtual "
	  "time, for which no KVM is needed; auto (the default) is kvm where it works, else sim." },
	{ CX_OPT_TOPOLOGY, "topology", 0, "WHAT", MEASURING | CX_CMD_TOPOLOGY, CX_COMPLETE_TOPOLOGY,
	  NULL,
	  "Another host than this one: an XML file that `lstopo --of xml` wrote there, a "
	  "description such as \"pack:2 l3:1 core:4 pu:2\", or host, which is this one. In run and "
	  "compare for the simulated machine only." },
	{ CX_OPT_PCPUS, "pcpus", 0, "LIST|all", RUNNING, CX_COMPLETE_NOTHING, NULL,
	  "The CPUs to run on, in place of the scenario's: 0-3,8, or all that there are." },
	{ CX_OPT_DURATION, "duration", 'd', "T", RUNNING, CX_COMPLETE_NOTHING, NULL,
	  "Run for so long, not for the scenario's time. A number with ns, us, ms, s or m: 10s." },
	{ CX_OPT_BUDGET, "duration", 'd', "T", CX_CMD_CALIBRATE, CX_COMPLETE_NOTHING, NULL,
	  "Take about so long, 1s or more. Default: 20s; more gives steadier figures." },
	{ CX_OPT_SEED, "seed", 0, "N", RUNNING, CX_COMPLETE_NOTHING, NULL,
	  "Seed of all random numbers, in policies and guests. Default: the scenario's." },
	{ CX_OPT_PARAM, "param", 'p', "NAME=VALUE", RUNNING, CX_COMPLETE_NOTHING, NULL,
	  "Set a parameter of the policy, over the scenario's; may be given several times. "
	  "SCHEDULER.NAME=VALUE sets that of one policy; in compare a NAME alone goes to "
	  "every policy that has it. `coxswain schedulers NAME` lists them." },
	{ CX_OPT_COSTS, "costs", 0, "FILE|none", RUNNING, CX_COMPLETE_FILE, NULL,
	  "What things cost in the simulator, as `coxswain calibrate` writes it; none: nothing "
	  "takes time but the work itself. What the file does not name, and everything where "
	  "there is none, keeps its default, which docs/costs.md states." },
	{ CX_OPT_COST, "cost", 0, "NAME=VALUE", RUNNING, CX_COMPLETE_NOTHING, NULL,
	  "Set one cost of the simulator, over the file's: switch=11us; may be given several "
	  "times." },
	{ CX_OPT_OUT, "out", 'o', "DIR", REPORTING | CX_CMD_SWEEP, CX_COMPLETE_DIRECTORY, NULL,
	  "Write the report folder here. Made with its parents; one that holds something is "
	  "refused, but for a sweep of that plan, which goes on there. Default: compare, and run "
	  "with --trace, make a new folder under coxswain-out, sweep uses coxswain-out/NAME; run "
	  "and analyze else write none." },
	{ CX_OPT_OUT_FILE, "out", 'o', "FILE", CX_CMD_CALIBRATE, CX_COMPLETE_DIRECTORY, NULL,
	  "Write the table here, once it is whole; a file that is there is replaced. Default: "
	  "standard output." },
	{ CX_OPT_TRACE, "trace", 't', NULL, MEASURING, CX_COMPLETE_NOTHING, NULL,
	  "Record every scheduling event with LTTng, into trace-SCHEDULER in the report "
	  "folder. Starts and ends the session daemon it needs by itself." },
	{ CX_OPT_GANTT, "gantt", 0, "START+LENGTH", REPORTING, CX_COMPLETE_NOTHING, NULL,
	  "The window that the report's timeline shows: 2s+200ms. Default: chosen by the report." },
	{ CX_OPT_EVENTS, "events", 0, NULL, CX_CMD_ANALYZE, CX_COMPLETE_NOTHING, NULL,
	  "Print the recorded events as text and nothing else, one a line in the order of their "
	  "recording: time in ns, name, fields. Of a simulation it is the same on every host." },
	{ CX_OPT_WATCHDOG, "watchdog", 0, "T", RUNNING, CX_COMPLETE_NOTHING, NULL,
	  "Eject a policy that leaves a runnable vCPU waiting for so long, 10ms or more. Default: "
	  "2s." },
	{ CX_OPT_REALTIME, "realtime", 0, NULL, RUNNING | CX_CMD_CALIBRATE, CX_COMPLETE_NOTHING,
	  NULL,
	  "Give the vCPUs' threads real-time priority on the host, if permitted: less "
	  "disturbed by other programs, and others are more disturbed. Not under linux, which is "
	  "the host's own scheduler." },
	{ CX_OPT_SHUFFLE, "shuffle-ties", 0, "SEED", RUNNING, CX_COMPLETE_NOTHING, NULL,
	  "In a simulation, let chance decide what comes first among what is due at one instant "
	  "and has no order of its own: brings out bugs that hide behind the usual order." },
	{ CX_OPT_JOBS, "jobs", 'J', "N", CX_CMD_SWEEP, CX_COMPLETE_NOTHING, NULL,
	  "Run so many points at a time: here, or on each host with --via parallel; with --via "
	  "slurm, tasks in the array. Default: as many as there are CPUs, one on kvm; 200 tasks." },
	{ CX_OPT_POINTS, "points", 0, "LIST", CX_CMD_SWEEP, CX_COMPLETE_NOTHING, NULL,
	  "Run these points only, such as 17-20,31, one at a time, and make no tables: a part "
	  "of a sweep for a batch system. The folder may be in use by other parts." },
	{ CX_OPT_VIA, "via", 0, "parallel|slurm", CX_CMD_SWEEP, CX_COMPLETE_CHOICES,
	  "parallel slurm",
	  "Deal the points to other hosts: parallel is GNU parallel over ssh (--hosts), slurm a "
	  "job array. DIR and the program must be there under the same names." },
	{ CX_OPT_HOSTS, "hosts", 0, "LIST", CX_CMD_SWEEP, CX_COMPLETE_NOTHING, NULL,
	  "Of --via parallel: hosts, comma-separated, as parallel --sshlogin takes them." },
	{ CX_OPT_RETRY, "retry", 0, NULL, CX_CMD_SWEEP, CX_COMPLETE_NOTHING, NULL,
	  "Run points that failed before once more." },
	{ CX_OPT_DRY_RUN, "dry-run", 'n', NULL, CX_CMD_SWEEP, CX_COMPLETE_NOTHING, NULL,
	  "Check the plan and list its points; run nothing." },
	{ CX_OPT_JSON, "json", 'j', NULL, TELLING, CX_COMPLETE_NOTHING, NULL,
	  "Print the summary as one JSON object on standard output, and nothing else there." },
	{ CX_OPT_QUIET, "quiet", 'q', NULL, TELLING, CX_COMPLETE_NOTHING, NULL,
	  "No progress and no remarks: results and errors only." },
	{ CX_OPT_VERBOSE, "verbose", 'v', NULL, RUNNING, CX_COMPLETE_NOTHING, NULL,
	  "Show the log on standard error while it runs: lines of guests and of policies." },
	{ CX_OPT_MAN, "man", 0, NULL, CX_CMD_HELP, CX_COMPLETE_NOTHING, NULL,
	  "Print the manual page, in roff." },
	{ CX_OPT_COMPLETION, "completion", 0, NULL, CX_CMD_HELP, CX_COMPLETE_NOTHING, NULL,
	  "Print the completion script for bash." },
	{ CX_OPT_NAMES, "names", 0, "schedulers|scenarios|plans", CX_CMD_HELP, CX_COMPLETE_CHOICES,
	  "schedulers scenarios plans",
	  "Print the names that are installed, one a line; what the completion script asks." },
	{ CX_OPT_HELP, "help", 'h', NULL, CX_CMD_ALL, CX_COMPLETE_NOTHING, NULL,
	  "Say what the command does and takes." },
	{ 0 }
};

/* ---- reading values -------------------------------------------------------- */

static int bad_value(struct cx_error *err, const char *option, const char *found,
		     const char *allowed)
{
	return cx_fail(err, EINVAL, "--%s: found '%s'; allowed: %s", option, found, allowed);
}

static int read_duration(const char *option, const char *text, uint64_t *ns, struct cx_error *err)
{
	if (cx_parse_duration(text, ns) < 0 || *ns == 0)
		return bad_value(err, option, text,
				 "a time above 0 with ns, us, ms, s or m, such as 10s");
	return 0;
}

static int read_watchdog(const char *text, struct cx_cli_options *options, struct cx_error *err)
{
	int ret = read_duration("watchdog", text, &options->watchdog_ns, err);

	if (ret == 0 && options->watchdog_ns < CX_WATCHDOG_MIN_NS)
		return bad_value(err, "watchdog", text, "10ms or more");
	return ret;
}

static int read_seed(const char *option, const char *text, uint64_t *seed, bool *given,
		     struct cx_error *err)
{
	char *end;

	errno = 0;
	*seed = strtoull(text, &end, 0);
	*given = true;
	if (errno || end == text || *end || text[strspn(text, " \t\n")] == '-')
		return bad_value(err, option, text, "a whole number, 0 to 18446744073709551615");
	return 0;
}

static int read_machine(const char *text, struct cx_cli_options *options, struct cx_error *err)
{
	if (strcmp(text, "auto") == 0)
		options->machine = CX_MACHINE_AUTO;
	else if (strcmp(text, "kvm") == 0)
		options->machine = CX_MACHINE_KVM;
	else if (strcmp(text, "sim") == 0)
		options->machine = CX_MACHINE_SIM;
	else
		return bad_value(err, "machine", text, "auto, kvm or sim");
	return 0;
}

static int read_gantt(const char *text, struct cx_cli_options *options, struct cx_error *err)
{
	const char *plus = strchr(text, '+');
	char start[64];

	if (plus && (size_t)(plus - text) < sizeof(start)) {
		memcpy(start, text, (size_t)(plus - text));
		start[plus - text] = '\0';
		if (cx_parse_duration(start, &options->gantt_start_ns) == 0 &&
		    cx_parse_duration(plus + 1, &options->gantt_length_ns) == 0 &&
		    options->gantt_length_ns > 0)
			return 0;
	}
	return bad_value(err, "gantt", text, "START+LENGTH, two times, such as 2s+200ms");
}

/* One more "NAME=VALUE" in a list. */
static int add_setting(const char *option, const char *text, const char *allowed,
		       const char ***settings, unsigned *n, struct cx_error *err)
{
	const char *equals = strchr(text, '=');
	const char **grown;

	if (!equals || equals == text)
		return bad_value(err, option, text, allowed);
	grown = realloc(*settings, (*n + 1) * sizeof(*grown));
	if (!grown)
		return cx_fail(err, ENOMEM, "out of memory");
	*settings = grown;
	grown[(*n)++] = text;
	return 0;
}

static int read_budget(const char *text, struct cx_cli_options *options, struct cx_error *err)
{
	int ret = read_duration("duration", text, &options->duration_ns, err);

	if (ret == 0 && (options->duration_ns < CX_CALIBRATE_MIN_NS ||
			 options->duration_ns > CX_CALIBRATE_MAX_NS))
		return bad_value(err, "duration", text, "1s to 60m");
	return ret;
}

static int read_names(const char *text, struct cx_cli_options *options, struct cx_error *err)
{
	if (strcmp(text, "schedulers") && strcmp(text, "scenarios") && strcmp(text, "plans"))
		return bad_value(err, "names", text, "schedulers, scenarios or plans");
	options->names = text;
	return 0;
}

static int read_jobs(const char *text, struct cx_cli_options *options, struct cx_error *err)
{
	char *end;
	unsigned long jobs = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || jobs < 1 || jobs > JOBS_MAX)
		return bad_value(err, "jobs", text, "a whole number, 1 to 4096");
	options->jobs = (unsigned)jobs;
	return 0;
}

static int read_via(const char *text, struct cx_cli_options *options, struct cx_error *err)
{
	if (strcmp(text, "parallel") == 0)
		options->via = CX_CLI_PARALLEL;
	else if (strcmp(text, "slurm") == 0)
		options->via = CX_CLI_SLURM;
	else
		return bad_value(err, "via", text, "parallel or slurm");
	return 0;
}

static int set_flag(int id, struct cx_cli_options *options)
{
	switch (id) {
	case CX_OPT_TRACE:
		options->trace = true;
		break;
	case CX_OPT_EVENTS:
		options->events = true;
		break;
	case CX_OPT_REALTIME:
		options->realtime = true;
		break;
	case CX_OPT_JSON:
		options->json = true;
		break;
	case CX_OPT_DRY_RUN:
		options->dry_run = true;
		break;
	case CX_OPT_RETRY:
		options->retry = true;
		break;
	case CX_OPT_QUIET:
		options->quiet = true;
		break;
	case CX_OPT_VERBOSE:
		options->verbose = true;
		break;
	case CX_OPT_MAN:
		options->man = true;
		break;
	case CX_OPT_COMPLETION:
		options->completion = true;
		break;
	case CX_OPT_HELP:
		options->help = true;
		break;
	}
	return 0;
}

static int take(int id, const char *value, struct cx_cli_options *options, struct cx_error *err)
{
	switch (id) {
	case CX_OPT_SCHEDULER:
		options->scheduler = value;
		return *value ? 0 : bad_value(err, "scheduler", value, "a name or a path");
	case CX_OPT_SCHEDULERS:
		options->schedulers = value;
		return 0;
	case CX_OPT_MACHINE:
		return read_machine(value, options, err);
	case CX_OPT_TOPOLOGY:
		options->topology = value;
		return *value ? 0
			      : bad_value(err, "topology", value,
					  "host, an XML file of hwloc's, or a description such as "
					  "\"pack:2 l3:1 core:4 pu:2\"");
	case CX_OPT_PCPUS:
		options->pcpus = value;
		return *value ? 0 : bad_value(err, "pcpus", value, "a list such as 0-3,8, or all");
	case CX_OPT_DURATION:
		return read_duration("duration", value, &options->duration_ns, err);
	case CX_OPT_SEED:
		return read_seed("seed", value, &options->seed, &options->seed_given, err);
	case CX_OPT_SHUFFLE:
		return read_seed("shuffle-ties", value, &options->shuffle_seed,
				 &options->shuffle_given, err);
	case CX_OPT_PARAM:
		return add_setting("param", value,
				   "NAME=VALUE or SCHEDULER.NAME=VALUE, such as tslice=10ms",
				   &options->params, &options->n_params, err);
	case CX_OPT_COSTS:
		options->costs = value;
		return *value ? 0 : bad_value(err, "costs", value, "the name of a file, or none");
	case CX_OPT_COST:
		return add_setting("cost", value, "NAME=VALUE, such as switch=11us",
				   &options->cost_settings, &options->n_cost_settings, err);
	case CX_OPT_BUDGET:
		return read_budget(value, options, err);
	case CX_OPT_OUT:
		options->out = value;
		return *value ? 0 : bad_value(err, "out", value, "the name of a folder");
	case CX_OPT_JOBS:
		return read_jobs(value, options, err);
	case CX_OPT_POINTS:
		options->points = value;
		return 0;
	case CX_OPT_VIA:
		return read_via(value, options, err);
	case CX_OPT_HOSTS:
		options->hosts = value;
		return *value ? 0 : bad_value(err, "hosts", value, "names of hosts");
	case CX_OPT_OUT_FILE:
		options->out = value;
		return *value ? 0 : bad_value(err, "out", value, "the name of a file");
	case CX_OPT_GANTT:
		return read_gantt(value, options, err);
	case CX_OPT_WATCHDOG:
		return read_watchdog(value, options, err);
	case CX_OPT_NAMES:
		return read_names(value, options, err);
	default:
		return set_flag(id, options);
	}
}

/* ---- the command line ------------------------------------------------------ */

/* getopt's tables, holding only what this command takes. */
static void fill_getopt(unsigned command, struct option *longs, char *shorts)
{
	unsigned n = 0;

	*shorts++ = ':'; /* tell a missing value from an unknown option */
	for (const struct cx_cli_option *o = cx_cli_options; o->name && n < OPTIONS_MAX; o++) {
		if (!(o->commands & command))
			continue;
		longs[n++] = (struct option){ o->name, o->arg ? required_argument : no_argument,
					      NULL, o->id };
		if (o->letter) {
			*shorts++ = o->letter;
			if (o->arg)
				*shorts++ = ':';
		}
	}
	longs[n] = (struct option){ 0 };
	*shorts = '\0';
}

static const struct cx_cli_option *by_letter(unsigned command, int letter)
{
	for (const struct cx_cli_option *o = cx_cli_options; o->name; o++)
		if ((o->commands & command) && o->letter == letter)
			return o;
	return NULL;
}

/* Which commands take the option that @word names, for the message. */
static int unknown_option(const struct cx_cli_command *command, const char *word,
			  struct cx_error *err)
{
	size_t len;

	if (strncmp(word, "--", 2) == 0) {
		len = strcspn(word + 2, "=");
		for (const struct cx_cli_option *o = cx_cli_options; o->name; o++) {
			if (strlen(o->name) != len || strncmp(o->name, word + 2, len))
				continue;
			if (o->commands & command->bit)
				return cx_fail(err, EINVAL, "--%s takes no value: found '%s'",
					       o->name, word);
			for (const struct cx_cli_command *c = cx_cli_commands; c->name; c++)
				if (o->commands & c->bit)
					return cx_fail(err, EINVAL,
						       "--%s is an option of '%s', not of '%s'",
						       o->name, c->name, command->name);
		}
	}
	return cx_fail(err, EINVAL, "'%s' has no option '%s'", command->name, word);
}

static int check_count(const struct cx_cli_command *command, const struct cx_cli_options *options,
		       struct cx_error *err)
{
	if (options->n_args < command->min_args)
		return cx_fail(err, EINVAL, "'%s' needs %s", command->name, command->args);
	if (options->n_args > command->max_args)
		return cx_fail(err, EINVAL, "'%s' takes %s: '%s' is one too many", command->name,
			       *command->args ? command->args : "no argument",
			       options->args[command->max_args]);
	if (options->quiet && options->verbose)
		return cx_fail(err, EINVAL, "--quiet and --verbose exclude each other");
	if (options->hosts && options->via != CX_CLI_PARALLEL)
		return cx_fail(err, EINVAL, "--hosts is of --via parallel");
	if (options->points && (options->via || options->retry))
		return cx_fail(err, EINVAL, "--points excludes --via and --retry");
	if (options->events && (options->out || options->json))
		return cx_fail(err, EINVAL,
			       "--events prints no report: it excludes --out and --json");
	return 0;
}

int cx_cli_parse(const struct cx_cli_command *command, int argc, char **argv,
		 struct cx_cli_options *options, struct cx_error *err)
{
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 2];
	char letter[3] = "-?";
	int id, ret;

	*options = (struct cx_cli_options){ 0 };
	fill_getopt(command->bit, longs, shorts);
	opterr = 0;
	optind = 0; /* glibc: start afresh */
	while ((id = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (id == ':')
			return cx_fail(err, EINVAL, "%s needs a value", argv[optind - 1]);
		if (id == '?') { /* optopt: the letter, or none for a long option */
			letter[1] = (char)optopt;
			return unknown_option(
				command,
				optopt > 0 && optopt < CX_OPT_SCHEDULER ? letter : argv[optind - 1],
				err);
		}
		if (id < CX_OPT_SCHEDULER)
			id = by_letter(command->bit, id)->id;
		ret = take(id, optarg, options, err);
		if (ret < 0)
			return ret;
	}
	options->args = argv + optind;
	options->n_args = (unsigned)(argc - optind);
	return options->help ? 0 : check_count(command, options, err);
}

void cx_cli_options_free(struct cx_cli_options *options)
{
	free(options->params);
	options->params = NULL;
	free(options->cost_settings);
	options->cost_settings = NULL;
}
