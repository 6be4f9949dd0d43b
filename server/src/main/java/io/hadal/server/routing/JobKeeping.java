package io.hadal.server.routing;

import io.hadal.platform.media.MediaJobs;
import java.util.function.Predicate;

/**
 * How jobs at upstreams outlive a process.
 *
 * @param jobs all of them, in the database
 * @param run tells this run of the process from others
 * @param lives whether a run goes on; jobs of one that does not are looked after by any other
 */
public record JobKeeping(MediaJobs jobs, String run, Predicate<String> lives) {}
