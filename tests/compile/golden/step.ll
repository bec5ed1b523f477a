; ModuleID = "step"
target triple = "unknown-unknown-unknown"
target datalayout = ""

define void @"step0"(ptr %"table", ptr %"dims", i64 %"thread", i64 %"num_threads", ptr %"barrier") nounwind
{
entry:
  %".7" = icmp eq i64 %"thread", 0
  %"total" = alloca float
  %"partial" = alloca <8 x float>
  %".26" = getelementptr inbounds ptr, ptr %"table", i64 1
  %".27" = load ptr, ptr %".26", align 8
  %".68" = getelementptr inbounds ptr, ptr %"table", i64 2
  %".69" = load ptr, ptr %".68", align 8
  %".82" = getelementptr inbounds ptr, ptr %"table", i64 3
  %".83" = load ptr, ptr %".82", align 8
  br i1 %".7", label %"alone.then", label %"alone.end"
alone.then:
  ; multiply sum
  br label %"row.head"
alone.end:
  ret void
row.head:
  %"row" = phi  i64 [0, %"alone.then"], [%"row.next", %"lane.end"]
  %".11" = icmp slt i64 %"row", 4
  br i1 %".11", label %"row.body", label %"row.end"
row.body:
  %".13" = mul i64 %"row", 19
  %".14" = add i64 0, %".13"
  %".15" = mul i64 %"row", 19
  %".16" = add i64 0, %".15"
  %".17" = add i64 0, %"row"
  store float              0x0, ptr %"total"
  store <8 x float> splat (float              0x0), ptr %"partial"
  %".20" = add i64 0, 16
  br label %"lane.head"
row.end:
  ; multiply subtract
  %".74" = add i64 0, 72
  br label %"lane.head.1"
lane.head:
  %"lane" = phi  i64 [0, %"row.body"], [%"lane.next", %"lane.body"]
  %".22" = icmp slt i64 %"lane", %".20"
  br i1 %".22", label %"lane.body", label %"lane.end"
lane.body:
  %".24" = add i64 %".14", %"lane"
  %".25" = add i64 %".16", %"lane"
  %".28" = getelementptr inbounds float, ptr %".27", i64 %".24"
  %".29" = load <8 x float>, ptr %".28", align 4
  %".30" = fmul contract <8 x float> %".29", %".29"
  %".31" = load <8 x float>, ptr %"partial"
  %".32" = fadd contract <8 x float> %".31", %".30"
  store <8 x float> %".32", ptr %"partial"
  %"lane.next" = add nsw i64 %"lane", 8
  br label %"lane.head"
lane.end:
  %".35" = add i64 %".14", %".20"
  %".36" = add i64 %".16", %".20"
  %".37" = sub i64 19, %".20"
  %".38" = icmp slt i64 %".37", 8
  %".39" = select  i1 %".38", i64 %".37", i64 8
  %".40" = trunc i64 %".39" to i32
  %".41" = insertelement <8 x i32> poison, i32 %".40", i32 0
  %".42" = shufflevector <8 x i32> %".41", <8 x i32> %".41", <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %".43" = icmp slt <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>, %".42"
  %".44" = getelementptr inbounds float, ptr %".27", i64 %".35"
  %".45" = call <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".44", i32 4, <8 x i1> %".43", <8 x float> zeroinitializer)
  %".46" = fmul contract <8 x float> %".45", %".45"
  %".47" = load <8 x float>, ptr %"partial"
  %".48" = fadd contract <8 x float> %".47", %".46"
  %".49" = load <8 x float>, ptr %"partial"
  %".50" = select  <8 x i1> %".43", <8 x float> %".48", <8 x float> %".49"
  store <8 x float> %".50", ptr %"partial"
  %".52" = load <8 x float>, ptr %"partial"
  %".53" = shufflevector <8 x float> %".52", <8 x float> %".52", <4 x i32> <i32 0, i32 1, i32 2, i32 3>
  %".54" = shufflevector <8 x float> %".52", <8 x float> %".52", <4 x i32> <i32 4, i32 5, i32 6, i32 7>
  %".55" = fadd contract <4 x float> %".53", %".54"
  %".56" = shufflevector <4 x float> %".55", <4 x float> %".55", <2 x i32> <i32 0, i32 1>
  %".57" = shufflevector <4 x float> %".55", <4 x float> %".55", <2 x i32> <i32 2, i32 3>
  %".58" = fadd contract <2 x float> %".56", %".57"
  %".59" = shufflevector <2 x float> %".58", <2 x float> %".58", <1 x i32> <i32 0>
  %".60" = extractelement <1 x float> %".59", i32 0
  %".61" = shufflevector <2 x float> %".58", <2 x float> %".58", <1 x i32> <i32 1>
  %".62" = extractelement <1 x float> %".61", i32 0
  %".63" = fadd contract float %".60", %".62"
  %".64" = load float, ptr %"total"
  %".65" = fadd contract float %".64", %".63"
  store float %".65", ptr %"total"
  %".67" = load float, ptr %"total"
  %".70" = getelementptr inbounds float, ptr %".69", i64 %".17"
  store float %".67", ptr %".70", align 4
  %"row.next" = add nsw i64 %"row", 1
  br label %"row.head"
lane.head.1:
  %"lane.1" = phi  i64 [0, %"row.end"], [%"lane.next.1", %"lane.body.1"]
  %".76" = icmp slt i64 %"lane.1", %".74"
  br i1 %".76", label %"lane.body.1", label %"lane.end.1"
lane.body.1:
  %".78" = add i64 0, %"lane.1"
  %".79" = add i64 0, %"lane.1"
  %".80" = add i64 0, %"lane.1"
  %".81" = add i64 0, %"lane.1"
  %".84" = getelementptr inbounds float, ptr %".83", i64 %".79"
  %".85" = load <8 x float>, ptr %".84", align 4
  %".86" = getelementptr inbounds float, ptr %".27", i64 %".78"
  %".87" = load <8 x float>, ptr %".86", align 4
  %".88" = fmul contract <8 x float> %".87", splat (float 0x3fe0000000000000)
  %".89" = fsub contract <8 x float> %".85", %".88"
  %".90" = getelementptr inbounds float, ptr %".83", i64 %".80"
  store <8 x float> %".89", ptr %".90", align 4
  %"lane.next.1" = add nsw i64 %"lane.1", 8
  br label %"lane.head.1"
lane.end.1:
  %".93" = add i64 0, %".74"
  %".94" = add i64 0, %".74"
  %".95" = add i64 0, %".74"
  %".96" = add i64 0, %".74"
  %".97" = sub i64 76, %".74"
  %".98" = icmp slt i64 %".97", 8
  %".99" = select  i1 %".98", i64 %".97", i64 8
  %".100" = trunc i64 %".99" to i32
  %".101" = insertelement <8 x i32> poison, i32 %".100", i32 0
  %".102" = shufflevector <8 x i32> %".101", <8 x i32> %".101", <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %".103" = icmp slt <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>, %".102"
  %".104" = getelementptr inbounds float, ptr %".83", i64 %".94"
  %".105" = call <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".104", i32 4, <8 x i1> %".103", <8 x float> zeroinitializer)
  %".106" = getelementptr inbounds float, ptr %".27", i64 %".93"
  %".107" = call <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".106", i32 4, <8 x i1> %".103", <8 x float> zeroinitializer)
  %".108" = fmul contract <8 x float> %".107", splat (float 0x3fe0000000000000)
  %".109" = fsub contract <8 x float> %".105", %".108"
  %".110" = getelementptr inbounds float, ptr %".83", i64 %".95"
  call void @"llvm.masked.store.v8f32.p0"(<8 x float> %".109", ptr %".110", i32 4, <8 x i1> %".103")
  br label %"alone.end"
}

declare <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".1", i32 %".2", <8 x i1> %".3", <8 x float> %".4")

declare void @"llvm.masked.store.v8f32.p0"(<8 x float> %".1", ptr %".2", i32 %".3", <8 x i1> %".4")
