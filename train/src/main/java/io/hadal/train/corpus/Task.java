package io.hadal.train.corpus;

/**
 * An exercise made from real code: a question and what is to be learnt from it. With an empty
 * question it is a text like any other.
 *
 * @param kind what kind it is, for counting
 * @param prompt what is given
 * @param answer what is to be written
 * @param chat whether user and assistant talk; otherwise both are one text, with comments between
 */
public record Task(String kind, String prompt, String answer, boolean chat) {}
