package io.hadal.platform.probe;

/**
 * A backend that serves a version worse than before, or than others do.
 *
 * @param detail why, for people; nothing of prompts or answers
 */
public record QualityAlert(String version, String backend, String detail) {}
