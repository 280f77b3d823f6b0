/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OpenJDK's HotSpot VM: names and types of its probes' arguments, written from "DTrace
 * Probes in HotSpot VM" in the Java documentation.
 *
 * Names of classes and methods are not terminated: the length that follows counts. The
 * uprobe backend cannot heed it, and what it shows behind belongs to somebody else. method__*, object__alloc and
 * monitor__* fire only with -XX:+ExtendedDTraceProbes.
 */
provider hotspot {
	probe vm__init__begin();
	probe vm__init__end();
	probe vm__shutdown();

	probe thread__start(char *name, int name_length, long thread, long native_thread,
			    bool is_daemon);
	probe thread__stop(char *name, int name_length, long thread, long native_thread,
			   bool is_daemon);
	probe thread__sleep__begin(long duration);
	probe thread__sleep__end(int is_interrupted);
	probe thread__yield();
	probe thread__park__begin(void *parker, int is_absolute, long timeout);
	probe thread__park__end(void *parker);
	probe thread__unpark(void *parker);

	probe class__loaded(char *name, int name_length, void *loader, bool is_shared);
	probe class__unloaded(char *name, int name_length, void *loader, bool is_shared);
	probe class__initialization__required(char *name, int name_length, void *loader,
					      int type);
	probe class__initialization__recursive(char *name, int name_length, void *loader,
					       int type, bool has_waited);
	probe class__initialization__concurrent(char *name, int name_length, void *loader,
						int type, bool has_waited);
	probe class__initialization__erroneous(char *name, int name_length, void *loader,
					       int type, bool has_waited);
	probe class__initialization__super__failed(char *name, int name_length,
						   void *loader, int type,
						   bool has_waited);
	probe class__initialization__clinit(char *name, int name_length, void *loader,
					    int type, bool has_waited);
	probe class__initialization__error(char *name, int name_length, void *loader,
					   int type, bool has_waited);
	probe class__initialization__end(char *name, int name_length, void *loader,
					 int type, bool has_waited);

	probe gc__begin(bool is_full);
	probe gc__end();
	probe mem__pool__gc__begin(char *manager, size_t manager_length, char *pool,
				   size_t pool_length, size_t initial, size_t used,
				   size_t committed, size_t maximum);
	probe mem__pool__gc__end(char *manager, size_t manager_length, char *pool,
				 size_t pool_length, size_t initial, size_t used,
				 size_t committed, size_t maximum);

	probe method__compile__begin(char *compiler, size_t compiler_length, char *class,
				     int class_length, char *method, int method_length,
				     char *signature, int signature_length);
	probe method__compile__end(char *compiler, size_t compiler_length, char *class,
				   int class_length, char *method, int method_length,
				   char *signature, int signature_length,
				   bool is_compiled);
	probe compiled__method__load(char *class, int class_length, char *method,
				     int method_length, char *signature,
				     int signature_length, void *code, int code_size);
	probe compiled__method__unload(char *class, int class_length, char *method,
				       int method_length, char *signature,
				       int signature_length);

	probe method__entry(long thread, char *class, int class_length, char *method,
			    int method_length, char *signature, int signature_length);
	probe method__return(long thread, char *class, int class_length, char *method,
			     int method_length, char *signature, int signature_length);
	probe object__alloc(long thread, char *class, int class_length, int size);

	probe monitor__contended__enter(long thread, void *monitor, char *class,
					int class_length);
	probe monitor__contended__entered(long thread, void *monitor, char *class,
					  int class_length);
	probe monitor__contended__exit(long thread, void *monitor, char *class,
				       int class_length);
	probe monitor__wait(long thread, void *monitor, char *class, int class_length,
			    long timeout);
	probe monitor__waited(long thread, void *monitor, char *class, int class_length);
	probe monitor__notify(long thread, void *monitor, char *class, int class_length);
	probe monitor__notifyAll(long thread, void *monitor, char *class,
				 int class_length);

	probe vmops__request(char *operation, size_t operation_length, int mode);
	probe vmops__begin(char *operation, size_t operation_length, int mode);
	probe vmops__end(char *operation, size_t operation_length, int mode);
};
