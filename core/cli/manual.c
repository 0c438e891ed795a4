/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said about the program and its commands.  Help, manual page and completion
 * are all made from here and from the options' table; plain text, no markup.
 */

#include "core/cli/cli.h"

#include <limits.h>
#include <string.h>

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define EXAMPLES(...) ((const struct cx_cli_example[]){ __VA_ARGS__, { NULL, NULL } })

const char cx_cli_tagline[] = "a hypervisor built around its CPU scheduler";

const char *const cx_cli_about[] = {
	"Coxswain takes a scenario (virtual machines with workloads), runs it on this host under "
	"one or several scheduling policies, and says which VM got what, how fairly, how late "
	"and at what cost: in a table, in a report with plots, and in a trace.",
	"The VMs are real: they run on /dev/kvm, and every dispatch of a virtual CPU is decided "
	"by a scheduler that is a loadable plug-in. 'linux' is the baseline beside them: the "
	"same VMs, left to the host kernel's own scheduler.",
	NULL
};

const struct cx_cli_example cx_cli_first[] = {
	{ "coxswain topology", "what this host looks like to a policy" },
	{ "coxswain schedulers", "which policies are installed" },
	{ "coxswain run two-weights --duration 2s", "one run of a shipped scenario" },
	{ "coxswain compare two-weights",
	  "the same under linux, rr, credit and propshare, with a report" },
	{ NULL, NULL }
};

const struct cx_cli_term cx_cli_exits[] = {
	{ "0", "Done." },
	{ "1", "Failed: something went wrong before or during a run. What had been measured until "
	       "then is still printed and written. Also when Ctrl-C came before all policies of "
	       "a comparison had run." },
	{ "2", "Wrong usage or scenario: nothing was started." },
	{ "3", "Done but degraded: a policy was ejected and round-robin took over." },
	{ "130", "A second Ctrl-C: ended at once." },
	{ NULL, NULL }
};

const struct cx_cli_term cx_cli_environment[] = {
	{ "COXSWAIN_PATH",
	  "Folders, separated by colons, searched before the installed ones; policies are looked "
	  "for in their schedulers folder, guest programs in payloads, scenarios in scenarios, "
	  "plans of sweeps in plans." },
	{ "COLUMNS", "Width of the tables where the output is no terminal." },
	{ NULL, NULL }
};

const struct cx_cli_term cx_cli_files[] = {
	{ "/dev/kvm", "Where the VMs run; reading and writing it must be permitted." },
	{ "LIB/coxswain/schedulers/NAME.so",
	  "The policies. LIB is the lib folder beside the program's bin folder, or, in a build "
	  "tree, the one beside the program." },
	{ "LIB/coxswain/payloads/NAME.elf", "The workloads: programs that run in the VMs." },
	{ "share/coxswain/scenarios/NAME.yaml",
	  "The shipped scenarios, beside the program's bin folder." },
	{ "share/coxswain/plans/NAME.yaml", "The shipped plans of sweeps, likewise." },
	{ "coxswain-out/SCENARIO-DATE-TIME/",
	  "A report, unless --out names another folder: report.html, report.txt, summary.json, "
	  "data/, plots/ and, with --trace, trace-SCHEDULER/." },
	{ "coxswain-out/PLAN/",
	  "A sweep, unless --out names another folder: points.csv, domains.csv, workloads.csv, "
	  "means.csv, summary.txt, plots/, and what it needs to go on." },
	{ NULL, NULL }
};

const char cx_cli_see_also[] =
	"babeltrace2(1), lttng-sessiond(8), gnuplot(1), parallel(1), sbatch(1)";

const struct cx_cli_command cx_cli_commands[] = {
	{ CX_CMD_RUN, "run", "SCENARIO", 1, 1, CX_COMPLETE_SCENARIO,
	  "run a scenario under one policy",
	  LIST("Starts the VMs of SCENARIO, a file or the name of a shipped scenario, lets the "
	       "policy dispatch them for the scenario's duration, and prints what each got. "
	       "Ctrl-C ends the run early; what was measured is still printed and written."),
	  EXAMPLES({ "coxswain run two-weights", "a shipped scenario under the policy it names" },
		   { "coxswain run two-weights -s rr -d 3s", "another policy, for 3 seconds" },
		   { "coxswain run mine.yaml -s ./mine.so", "a scenario and a policy of your own" },
		   { "coxswain run two-weights -s credit -p tslice=5ms", "a parameter changed" },
		   { "coxswain run two-weights --trace --out t1", "record a trace and a report" },
		   { "coxswain run two-weights --json | jq .runs[0].fairness",
		     "figures for a script" }),
	  cx_cmd_run },
	{ CX_CMD_COMPARE, "compare", "SCENARIO...", 1, UINT_MAX, CX_COMPLETE_SCENARIO,
	  "run scenarios under several policies, side by side",
	  LIST("Runs each SCENARIO under each policy in turn, prints one table a scenario, and "
	       "writes a report folder with plots. Several scenarios get a folder each, and an "
	       "index page above them. Where the report lies is said last.",
	       "If a run fails or Ctrl-C comes, the report is written of what there is."),
	  EXAMPLES({ "coxswain compare two-weights", "linux, rr, credit and propshare; a report" },
		   { "coxswain compare two-weights cap --schedulers rr,credit",
		     "two scenarios, two policies" },
		   { "coxswain compare two-weights -p credit.tslice=5ms -d 5s",
		     "a parameter of one of them" },
		   { "coxswain compare two-weights -s credit,./mine.so --out r1",
		     "your own against credit" }),
	  cx_cmd_compare },
	{ CX_CMD_SWEEP, "sweep", "PLAN", 1, 1, CX_COMPLETE_PLAN,
	  "run a grid of scenarios, policies, parameters and seeds",
	  LIST("PLAN is a file, or the name of a shipped plan: scenarios, policies, parameters "
	       "with "
	       "values, and seeds. Each point of the grid is run once, on all CPUs of this host or "
	       "on others, and the means over the seeds are told in tables and plots.",
	       "What is finished stays, whatever ends the sweep: the same command on the same "
	       "folder "
	       "goes on from there."),
	  EXAMPLES({ "coxswain sweep slices --dry-run", "the points of a shipped plan" },
		   { "coxswain sweep mine.yaml --out s1", "run it; again: go on with it" },
		   { "coxswain sweep mine.yaml --out s1 --via parallel --hosts a,b",
		     "on two hosts that share this folder" },
		   { "coxswain sweep mine.yaml --out s1 --via slurm", "as a job array" },
		   { "coxswain sweep mine.yaml --out s1 --json | jq .total",
		     "figures for a script" }),
	  cx_cmd_sweep },
	{ CX_CMD_ANALYZE, "analyze", "DIR", 1, 1, CX_COMPLETE_DIRECTORY,
	  "report again from a recorded trace",
	  LIST("Reads the traces that --trace recorded, works everything out anew from their "
	       "events, and reports as run and compare do. DIR is a report folder with "
	       "trace-SCHEDULER folders in it, one of these, or the report of several scenarios "
	       "that compare wrote.",
	       "The events can also be read with babeltrace2 and shown by Trace Compass."),
	  EXAMPLES({ "coxswain analyze t1", "the table of a recorded run" },
		   { "coxswain analyze t1 --out t1-again --gantt 1s+50ms",
		     "a report with another timeline" },
		   { "diff <(coxswain analyze t1 --events) <(coxswain analyze t2 --events)",
		     "did the same happen in two simulations?" }),
	  cx_cmd_analyze },
	{ CX_CMD_VALIDATE, "validate", "[SCENARIO...]", 0, UINT_MAX, CX_COMPLETE_SCENARIO,
	  "the simulator against real VMs on this host",
	  LIST("Runs each SCENARIO (default: all that are shipped) under each policy twice, with "
	       "real "
	       "VMs and in simulation, and prints side by side what each domain received, its "
	       "progress, how late it ran after wake-ups, and how often pCPUs switched.",
	       "A figure further off than its bound is marked OFF. The simulator knows this host "
	       "only by its costs; unless --costs or --cost names some, they are measured first, "
	       "as "
	       "`coxswain calibrate` does. A host that is busy with other things is no yardstick, "
	       "and is called so."),
	  EXAMPLES({ "coxswain validate", "all shipped scenarios under rr, credit and propshare" },
		   { "coxswain validate two-weights -s credit -d 10s", "one of them, for longer" }),
	  cx_cmd_validate },
	{ CX_CMD_SCHEDULERS, "schedulers", "[NAME]", 0, 1, CX_COMPLETE_SCHEDULER,
	  "what is installed; one policy's parameters",
	  LIST("Without NAME: the policies that are installed. With NAME, or the path of a "
	       "plug-in: what it honours, and its parameters with range and default."),
	  EXAMPLES({ "coxswain schedulers", "all of them" },
		   { "coxswain schedulers credit", "the parameters of credit" },
		   { "coxswain schedulers ./mine.so", "is my plug-in fit to be loaded?" }),
	  cx_cmd_schedulers },
	{ CX_CMD_CALIBRATE, "calibrate", "", 0, 0, CX_COMPLETE_NOTHING,
	  "measure what switches, wake-ups, moves and cold caches cost here",
	  LIST("Measures on real VMs what the simulator charges by table, and writes that table: "
	       "each cost with how many samples it comes from and how they spread. What this "
	       "host cannot show (it has one NUMA node only, say) keeps its default, and the "
	       "table says so. docs/costs.md defines every cost.",
	       "Best on a host that has nothing else to do; on one that has, the table says "
	       "that too. Ctrl-C ends it with nothing written."),
	  EXAMPLES({ "coxswain calibrate --out here.costs", "this host's table" },
		   { "coxswain calibrate -d 60s -o here.costs", "the same, steadier" },
		   { "coxswain calibrate --json | jq .costs.switch", "one of them for a script" }),
	  cx_cmd_calibrate },
	{ CX_CMD_TOPOLOGY, "topology", "", 0, 0, CX_COMPLETE_NOTHING,
	  "what the host looks like to a policy",
	  LIST("Packages, NUMA nodes, caches, and how far the CPUs are apart: of this host, or of "
	       "one that --topology describes. In a description each level has a count of those "
	       "in one of the level before: pack, numa, die, group, l5 to l1, core, pu."),
	  EXAMPLES({ "coxswain topology", "this host" },
		   { "coxswain topology --topology other.xml",
		     "another host, on which `lstopo --of xml other.xml` was run" },
		   { "coxswain topology --topology \"pack:2 l3:4 core:8 pu:2\"",
		     "one that nobody has" }),
	  cx_cmd_topology },
	{ CX_CMD_VERSION, "version", "", 0, 0, CX_COMPLETE_NOTHING, "which version this is",
	  LIST("The version of the program and of the plug-in interface it speaks."),
	  EXAMPLES({ "coxswain version", "both" }), cx_cmd_version },
	{ CX_CMD_HELP, "help", "[COMMAND]", 0, 1, CX_COMPLETE_COMMAND,
	  "what a command does and takes",
	  LIST("Without COMMAND: an overview. The manual page and the completion script for bash "
	       "are printed from the same tables."),
	  EXAMPLES({ "coxswain help compare", "all about one command" },
		   { "coxswain help --man | man -l -", "the whole manual" },
		   { "source <(coxswain help --completion)", "completion in this shell" }),
	  cx_cmd_help },
	{ 0 }
};

const struct cx_cli_command *cx_cli_command_find(const char *name)
{
	for (const struct cx_cli_command *c = cx_cli_commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}
