// SPDX-License-Identifier: LGPL-2.1-or-later
/* Several threads, each with a context of its own, on the same machine at once. */
#include <pthread.h>

#include "base/blob.h"
#include "check.h"
#include "mock.h"
#include "sysroot.h"

#define THREADS 4
#define ROUNDS 20

struct job {
	pthread_t thread;
	const char *root;
	unsigned checksum; /* of the last round; 0: a round failed or gave something else */
};

static unsigned compile_once(cell_context *context)
{
	cell_desc *good = NULL, *bad = NULL;
	cell_host *host = NULL;
	cell_blob *blob = NULL;
	unsigned checksum = 0;

	if (cell_host_new(context, NULL, &host) == 0 &&
	    cell_desc_new_from_file(context, CORPUS "/good/pinned.json", &good) == 0 &&
	    cell_desc_new_from_file(context, CORPUS "/several/every-part.json", &bad) == 0 &&
	    cell_desc_check(bad, host) < 0 && cell_desc_n_diags(bad) > 10 &&
	    cell_desc_compile(good, host, &blob) == 0)
		checksum = blob->config->header.checksum;
	cell_blob_unref(blob);
	cell_desc_unref(bad);
	cell_desc_unref(good);
	cell_host_unref(host);
	return checksum;
}

static void *run(void *userdata)
{
	struct job *job = userdata;
	cell_context *context;

	if (cell_context_new(&context) < 0)
		return NULL;

	context->root = job->root;
	context->driver = &mock_driver; /* which has no device, so it keeps no script */
	job->checksum = compile_once(context);
	for (int i = 1; i < ROUNDS; i++)
		if (compile_once(context) != job->checksum)
			job->checksum = 0;
	cell_context_unref(context);
	return NULL;
}

TEST(contexts_do_not_disturb_each_other)
{
	struct job jobs[THREADS] = {0};
	struct sysroot root;

	sysroot_make(&root);
	for (int i = 0; i < THREADS; i++) {
		jobs[i].root = root.path;
		CHECK_EQ(pthread_create(&jobs[i].thread, NULL, run, &jobs[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_join(jobs[i].thread, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		CHECK(jobs[i].checksum);
		CHECK_EQ(jobs[i].checksum, jobs[0].checksum);
	}
	sysroot_remove(&root);
}
