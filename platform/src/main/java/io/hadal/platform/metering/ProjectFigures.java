package io.hadal.platform.metering;

import io.hadal.platform.usage.Quantities;

/**
 * What a project has done here since the start of this process, attempts that run included.
 *
 * @param running attempts that run now
 * @param attempts attempts that have begun
 * @param input tokens of prompts, cached ones too
 * @param cached those of them that were cached
 * @param output tokens of answers
 */
public record ProjectFigures(long running, long attempts, long input, long cached, long output) {
  /** Of a project that has done nothing. */
  public static final ProjectFigures NONE = new ProjectFigures(0, 0, 0, 0, 0);

  ProjectFigures plus(long more, Quantities took) {
    return new ProjectFigures(
        running + more,
        attempts + 1,
        input + took.input(),
        cached + took.cacheRead(),
        output + took.output());
  }
}
