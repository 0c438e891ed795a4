/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core/cli/cli.h - the command line: what its files share.
 *
 * main.c parses and dispatches, one file a command does the work.  Everything that is
 * said about commands and options (help, manual, completion) comes from the tables in
 * options.c and manual.c.  Only this folder prints and decides exit statuses.
 */
#ifndef CX_CORE_CLI_H
#define CX_CORE_CLI_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CX_CLI_NAME "coxswain"
#ifndef CX_VERSION
#error "the Makefile defines CX_VERSION"
#endif

#define CX_CLI_COLUMNS 100      /* assumed where the terminal does not say */
#define CX_CLI_COLUMNS_MIN 40u  /* narrower is treated as this */
#define CX_CLI_COLUMNS_MAX 200u /* wider is not used: long lines are hard to read */

/** Exit statuses of the program. */
enum cx_status {
	CX_STATUS_DONE = 0,
	CX_STATUS_FAILED = 1,
	CX_STATUS_USAGE = 2,    /* wrong usage or scenario: nothing was started */
	CX_STATUS_DEGRADED = 3, /* done, but a policy was ejected */
	CX_STATUS_KILLED = 130  /* a second SIGINT or SIGTERM */
};

enum cx_cli_via { CX_CLI_HERE, CX_CLI_PARALLEL, CX_CLI_SLURM };

enum cx_cli_machine { CX_MACHINE_AUTO, CX_MACHINE_KVM, CX_MACHINE_SIM };

/** The command line, parsed and checked.  Strings belong to argv. */
struct cx_cli_options {
	const char *scheduler;  /* NULL = the scenario's */
	const char *schedulers; /* "linux,rr,credit" */
	enum cx_cli_machine machine;
	const char *topology; /* as cx_topology_open() takes it; NULL = not given */
	uint64_t duration_ns; /* 0 = the scenario's */
	uint64_t seed;        /* with seed_given */
	bool seed_given;
	const char **params; /* "NAME=VALUE", as given; malloc'd array */
	unsigned n_params;
	const char *pcpus;     /* a CPU list, or "all"; NULL = the scenario's */
	uint64_t shuffle_seed; /* with shuffle_given */
	bool shuffle_given;
	const char *costs;          /* a file, or "none"; NULL = the defaults */
	const char **cost_settings; /* "NAME=VALUE", over that; malloc'd array */
	unsigned n_cost_settings;
	const char *out;    /* NULL = not given */
	unsigned jobs;      /* 0 = not given */
	const char *points; /* NULL = all */
	enum cx_cli_via via;
	const char *hosts; /* NULL = not given */
	bool dry_run, retry;
	bool trace, json, quiet, verbose, realtime, events;
	uint64_t watchdog_ns;                     /* 0 = the default */
	uint64_t gantt_start_ns, gantt_length_ns; /* length 0 = chosen by the report */
	bool help, man, completion;
	const char *names; /* help --names WHAT */
	char **args;       /* positional arguments */
	unsigned n_args;
};

/** Where things lie; every array of folders ends with NULL. */
struct cx_cli_paths {
	char **plugin_dirs;   /* schedulers */
	char **payload_dirs;  /* workloads' guest programs */
	char **provider_dirs; /* the trace provider */
	char **scenario_dirs; /* shipped scenarios */
	char **plan_dirs;     /* shipped plans */
};

/* --- options.c, manual.c: the tables ---------------------------------------- */

/** Bits of cx_cli_option.commands. */
enum {
	CX_CMD_RUN = 1 << 0,
	CX_CMD_COMPARE = 1 << 1,
	CX_CMD_ANALYZE = 1 << 2,
	CX_CMD_SCHEDULERS = 1 << 3,
	CX_CMD_TOPOLOGY = 1 << 4,
	CX_CMD_VERSION = 1 << 5,
	CX_CMD_HELP = 1 << 6,
	CX_CMD_VALIDATE = 1 << 7,
	CX_CMD_CALIBRATE = 1 << 8,
	CX_CMD_SWEEP = 1 << 9,
	CX_CMD_ALL = (1 << 10) - 1
};

/** What an argument completes to in the shell. */
enum cx_cli_complete {
	CX_COMPLETE_NOTHING,
	CX_COMPLETE_CHOICES,    /* cx_cli_option.choices */
	CX_COMPLETE_SCHEDULER,  /* a name, or a file *.so */
	CX_COMPLETE_SCHEDULERS, /* names, comma-separated */
	CX_COMPLETE_SCENARIO,   /* a shipped name, or a file *.yaml */
	CX_COMPLETE_PLAN,       /* likewise */
	CX_COMPLETE_TOPOLOGY,   /* host, or a file *.xml */
	CX_COMPLETE_DIRECTORY,
	CX_COMPLETE_FILE,
	CX_COMPLETE_COMMAND
};

struct cx_cli_option {
	int id;            /* CX_OPT_*, options.c's own */
	const char *name;  /* without the dashes */
	char letter;       /* or 0 */
	const char *arg;   /* what it takes, as printed; NULL = nothing */
	unsigned commands; /* CX_CMD_* that take it */
	enum cx_cli_complete complete;
	const char *choices; /* space-separated, for CX_COMPLETE_CHOICES */
	const char *doc;
};

struct cx_cli_example {
	const char *line; /* a command line, without the prompt */
	const char *what; /* one line */
};

struct cx_cli_command {
	unsigned bit; /* CX_CMD_* */
	const char *name;
	const char *args; /* as printed: "SCENARIO..." */
	unsigned min_args, max_args;
	enum cx_cli_complete complete;         /* of its arguments */
	const char *summary;                   /* one line */
	const char *const *text;               /* paragraphs, NULL-terminated */
	const struct cx_cli_example *examples; /* ends with line == NULL */
	/** Returns an enum cx_status. */
	int (*run)(const struct cx_cli_options *options, const struct cx_cli_paths *paths);
};

/** A word and what it means, for lists in the manual. */
struct cx_cli_term {
	const char *term;
	const char *what;
};

extern const struct cx_cli_option cx_cli_options[];   /* ends with name == NULL */
extern const struct cx_cli_command cx_cli_commands[]; /* likewise */
const struct cx_cli_command *cx_cli_command_find(const char *name);

extern const char cx_cli_tagline[];
extern const char *const cx_cli_about[];              /* paragraphs, NULL-terminated */
extern const struct cx_cli_example cx_cli_first[];    /* first things to try */
extern const struct cx_cli_term cx_cli_exits[];       /* exit statuses */
extern const struct cx_cli_term cx_cli_environment[]; /* variables */
extern const struct cx_cli_term cx_cli_files[];
extern const char cx_cli_see_also[];

/**
 * Parse @argv (its [0] is the command's name) for @command.
 * Returns 0, -EINVAL with a message, or -ENOMEM.  cx_cli_options_free() in every case.
 */
int cx_cli_parse(const struct cx_cli_command *command, int argc, char **argv,
		 struct cx_cli_options *options, struct cx_error *err);
void cx_cli_options_free(struct cx_cli_options *options);

/* --- help.c, man.c, completion.c -------------------------------------------- */

void cx_help_program(FILE *out);
void cx_help_command(const struct cx_cli_command *command, FILE *out);
/** The manual page, in roff with the man macros. */
void cx_help_man(FILE *out);
/** A completion script for bash. */
void cx_help_completion(FILE *out);

/* --- the commands ------------------------------------------------------------ */

int cx_cmd_run(const struct cx_cli_options *options, const struct cx_cli_paths *paths);
int cx_cmd_compare(const struct cx_cli_options *options, const struct cx_cli_paths *paths);
int cx_cmd_sweep(const struct cx_cli_options *options, const struct cx_cli_paths *paths);
int cx_cmd_analyze(const struct cx_cli_options *options, const struct cx_cli_paths *paths);
int cx_cmd_validate(const struct cx_cli_options *options, const struct cx_cli_paths *paths);
int cx_cmd_schedulers(const struct cx_cli_options *options, const struct cx_cli_paths *paths);
int cx_cmd_calibrate(const struct cx_cli_options *options, const struct cx_cli_paths *paths);
int cx_cmd_topology(const struct cx_cli_options *options, const struct cx_cli_paths *paths);
int cx_cmd_version(const struct cx_cli_options *options, const struct cx_cli_paths *paths);
int cx_cmd_help(const struct cx_cli_options *options, const struct cx_cli_paths *paths);

/* --- paths.c ------------------------------------------------------------------ */

/** Fill @paths from the place of the executable and COXSWAIN_PATH.  0 or -errno. */
int cx_paths_find(struct cx_cli_paths *paths, struct cx_error *err);
void cx_paths_free(struct cx_cli_paths *paths);
/** cx_paths_free() takes char **, readers take this. */
static inline const char *const *cx_dirs(char **dirs)
{
	return (const char *const *)dirs;
}
/**
 * The file of scenario @name: a path as it stands, or a shipped scenario's name.
 * Returns 0 with *path malloc'd, -ENOENT with a message that names what there is.
 */
int cx_paths_scenario(const struct cx_cli_paths *paths, const char *name, char **path,
		      struct cx_error *err);
/** The same of a plan. */
int cx_paths_plan(const struct cx_cli_paths *paths, const char *name, char **path,
		  struct cx_error *err);
/**
 * The names of the files in @dirs that end in @suffix, without it, sorted, each once.
 * Returns how many, or -ENOMEM; *names and each of them are malloc'd.
 */
int cx_paths_list(char **dirs, const char *suffix, char ***names);
void cx_names_free(char **names, int n);

/* --- outdir.c ----------------------------------------------------------------- */

/**
 * Make the folder @path, and its parents, and try to write a file there.
 * Returns 0: made; 1: it was there, empty; -EEXIST it is there and not empty; -ENOTDIR, -EACCES, -EROFS, -ENOSPC ...;
 * each with a message that says what to do.
 */
int cx_outdir_make(const char *path, struct cx_error *err);
/** "coxswain-out/NAME-YYYYmmdd-HHMMSS", made, unique; *path is malloc'd. */
int cx_outdir_make_default(const char *name, char **path, struct cx_error *err);
/** Is there next to no room left on @path's file system? */
bool cx_outdir_full(const char *path);
/** Remove @path, and "coxswain-out" above it, as far as they are empty. */
void cx_outdir_abandon(const char *path);
/** @text with everything outside [A-Za-z0-9._-] made '_'; malloc'd, NULL = no memory. */
char *cx_outdir_safe_name(const char *text);

/* --- progress.c ---------------------------------------------------------------- */

#define CX_PROGRESS_UNKNOWN UINT64_MAX
#define CX_PROGRESS_LOG 64 /* log lines kept to be shown if the run turns out badly */

/** What a person sees while it runs.  Zeroed, then cx_progress_init(). */
struct cx_progress {
	bool shown;   /* rewrite one line on standard error */
	bool verbose; /* pass log lines on */
	bool drawn;   /* the line is on the screen */
	const char *scenario, *scheduler;
	unsigned run, runs;         /* this one, from 1, and how many there are */
	uint64_t before_ns, all_ns; /* planned run time of those done, and of all, if known */
	char *log[CX_PROGRESS_LOG]; /* the last lines, oldest at log_next once it is full */
	unsigned long log_lines;    /* seen in this run */
};

void cx_progress_init(struct cx_progress *progress, const struct cx_cli_options *options);
void cx_progress_begin(struct cx_progress *progress, const char *scenario, const char *scheduler);
/** Fit cx_progress_fn and cx_log_fn of core/run/run.h; @arg is the struct. */
void cx_progress_show(void *arg, uint64_t elapsed_ns, uint64_t duration_ns);
void cx_progress_log(void *arg, const char *line);
/** Take the line off the screen; before anything else is printed. */
void cx_progress_clear(struct cx_progress *progress);
/** Print the log lines kept, unless they have been passed on already. */
void cx_progress_explain(struct cx_progress *progress);
void cx_progress_free(struct cx_progress *progress);

/* --- say.c ---------------------------------------------------------------------- */

/** "coxswain: ..." on standard error, one line. */
void cx_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** What went wrong before anything was started, as a status: what was named is wrong, not
 *  there or in the way, or something else failed. */
int cx_status_of(int ret);
/** Complain of @err unless @status is CX_STATUS_DONE; returns @status. */
int cx_complain_of(int status, const struct cx_error *err);
/** Width of the terminal @out goes to, else COLUMNS, else CX_CLI_COLUMNS. */
unsigned cx_columns(FILE *out);
/** Everything printed on standard output got out?  Else says so; returns a status. */
int cx_say_finish(int status);
/** @text wrapped at @columns, every line but the first indented by @indent; the first
 *  starts at column @at. */
void cx_say_wrapped(FILE *out, const char *text, unsigned at, unsigned indent, unsigned columns);

#endif
